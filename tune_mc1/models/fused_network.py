"""What a traced network computes, for many trials at once."""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from tune_mc1.models.dropout import NetworkMasks
from tune_mc1.models.fused_layers import FusedBatchNorm, FusedConv2d, FusedFlatten, FusedLinear
from tune_mc1.models.graph_reading import Shape
from tune_mc1.models.known_operations import BATCH_NORMS
from tune_mc1.models.traced import Operation, Traced

Run = Callable[..., Tensor]

_RELU = ("ReLU", "relu", "relu_")
_MAX_POOL = ("MaxPool2d", "max_pool2d")


def fused_layers(plain: nn.Module, trials: int) -> nn.Module:
    """A tree of modules with the names of a network's, and layers of many trials.

    Args:
        plain: The network of one of the trials.
        trials: Number of trials.
    """
    tree = nn.Module()
    made: dict[int, nn.Module] = {}
    for path, module in plain.named_modules(remove_duplicate=False):
        if path:
            if id(module) not in made:
                made[id(module)] = _fused_layer(module, trials)
            parent, _, name = path.rpartition(".")
            tree.get_submodule(parent).add_module(name, made[id(module)])
    return tree


def _fused_layer(layer: nn.Module, trials: int) -> nn.Module:
    if isinstance(layer, nn.Conv2d):
        return FusedConv2d(layer, trials)
    if isinstance(layer, nn.Linear):
        return FusedLinear(layer, trials)
    if isinstance(layer, BATCH_NORMS):
        return FusedBatchNorm(layer, trials)
    return nn.Module()


class FusedOperations:
    """Computes the logits of many trials with the operations of their network.

    Args:
        traced: The operations.
        layers: The trials' layers (`fused_layers`).
        trials: Number of trials.

    Attributes:
        masks: Dropout masks of each trial.
        rates: Of each trial, the probability of each dropout.
    """

    def __init__(self, traced: Traced, layers: nn.Module, trials: int) -> None:
        self.layers, self.trials = layers, trials
        self.masks: list[NetworkMasks] = []
        self.rates: list[list[float]] = []
        operations = traced.operations
        self._inputs = [operation.inputs for operation in operations]
        self._last = {i: n for n, inputs in enumerate(self._inputs) for i in inputs}
        self._dropouts = [o for o in operations if o.call.kind == "dropout"]
        self._runs = [self._spread_first(o, traced, self._run_of(o, traced)) for o in operations]
        _pool_first(operations, self._runs)

    def __call__(self, images: Tensor) -> Tensor:
        """Logits (K, B, classes) of images (B, S * channels, height, width); S divides K."""
        values: dict[int, Tensor] = {-1: images}
        for index, (run, inputs) in enumerate(zip(self._runs, self._inputs, strict=True)):
            values[index] = run(*[values[i] for i in inputs])
            for i in set(inputs):
                if self._last[i] == index:  # frees memory where no gradient needs the value
                    del values[i]
        logits = values[len(self._runs) - 1]
        return self._spread(logits, 0)

    def keep(self, indices: list[int]) -> None:
        """Keeps only some of the trials."""
        self.trials = len(indices)
        self.masks = [self.masks[i] for i in indices]
        self.rates = [self.rates[i] for i in indices]

    def _run_of(self, operation: Operation, traced: Traced) -> Run:
        """The function of an operation on the values of all trials."""
        call, before = operation.call, traced.shape_of(operation.inputs[0])
        if call.kind in ("trained", "norm"):
            return self.layers.get_submodule(operation.layer)
        if call.kind == "dropout":
            return partial(self._drop, self._dropouts.index(operation), operation)
        if call.kind == "cat":
            return partial(_cat, [traced.shape_of(i) for i in operation.inputs])
        if call.kind == "mean":
            return partial(_mean, FusedFlatten(before[0]), len(operation.shape) == 1)
        if call.kind == "reshape":
            return _same if operation.shape == before else FusedFlatten(before[0])
        assert call.run is not None
        return call.run

    def _spread_first(self, operation: Operation, traced: Traced, run: Run) -> Run:
        """The function, after values that trials share have been repeated if it requires that."""
        shared = [traced.is_shared(i) for i in operation.inputs]
        layer = run if isinstance(run, FusedConv2d | FusedLinear) else None
        takes_lanes = layer is not None and getattr(layer, "groups", 1) == 1
        if operation.shared or takes_lanes or not any(shared):
            return run
        shapes = [traced.shape_of(i) for i in operation.inputs]
        channels = [shape[0] if len(shape) == 3 else 0 for shape in shapes]

        def spread(*values: Tensor) -> Tensor:
            parts = zip(values, channels, strict=True)
            return run(*[self._spread(value, count) for value, count in parts])

        return spread

    def _spread(self, values: Tensor, channels: int) -> Tensor:
        """Values with a copy for each trial, of images with so many channels; 0 for features."""
        lanes = values.shape[1] // channels if channels else len(values)
        if lanes == self.trials:
            return values
        if not channels:
            return values.repeat_interleave(self.trials // lanes, dim=0)
        batch, _, *size = values.shape
        split = values.reshape(batch, lanes, 1, channels, *size)
        copies = split.expand(-1, -1, self.trials // lanes, -1, -1, -1).flatten(1, 3)
        return copies.contiguous(memory_format=torch.channels_last)

    def _drop(self, site: int, operation: Operation, values: Tensor) -> Tensor:
        """Drops units of each trial as its network would alone."""
        rates = [rates[site] for rates in self.rates]
        if not self.layers.training or not any(rates):
            return values
        batch = values.shape[1 if values.ndim == 3 else 0]
        shape = (batch, *operation.shape)
        if operation.call.name == "Dropout2d":
            shape = (*shape[:2], 1, 1)
        like = values.new_empty(shape)
        if operation.channels_last:
            like = like.contiguous(memory_format=torch.channels_last)
        masks = [m.draw(rate, like) for m, rate in zip(self.masks, rates, strict=True)]
        return values * (torch.stack(masks) if values.ndim == 3 else torch.cat(masks, dim=1))


def _same(values: Tensor) -> Tensor:
    return values


def _mean(flatten: FusedFlatten, flat: bool, images: Tensor) -> Tensor:
    means = images.mean((2, 3), keepdim=True)
    return flatten(means) if flat else means


def _cat(shapes: Sequence[Shape], *values: Tensor) -> Tensor:
    """Values side by side in each trial (or lane)."""
    if values[0].ndim == 3:
        return torch.cat(values, dim=2)
    batch, _, *size = values[0].shape
    parts = zip(values, shapes, strict=True)
    split = [value.reshape(batch, -1, shape[0], *size) for value, shape in parts]
    return torch.cat(split, dim=2).flatten(1, 2)


def _pool_first(operations: Sequence[Operation], runs: list[Run]) -> None:
    """Makes ReLUs cheaper: after a max pooling, with which they commute, and in place."""
    users: dict[int, list[int]] = {}
    for index, operation in enumerate(operations):
        for i in operation.inputs:
            users.setdefault(i, []).append(index)
    for index, operation in enumerate(operations):
        if operation.call.name not in _RELU:
            continue
        (before,), after = operation.inputs, users.get(index, [])
        if len(after) == 1 and operations[after[0]].call.name in _MAX_POOL:
            runs[index], runs[after[0]] = runs[after[0]], functional.relu_
        elif before >= 0 and users[before] == [index]:
            source = operations[before]
            # The gradients of these do not need their results.
            norm = source.call.kind == "norm" and len(source.shape) == 3
            if source.call.kind in ("trained", "image") or norm:
                runs[index] = functional.relu_
