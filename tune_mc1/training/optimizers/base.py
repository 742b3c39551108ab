"""Base of the optimisers: PyTorch's own for one trial, and the same arithmetic for a group.

A group's parameters have a leading trial axis, and every trial has its own learning rate, weight
decay and momentum, which PyTorch's optimisers do not support.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from tune_mc1.config.optimizers import OPTIMIZERS
from tune_mc1.config.trial import TrialConfig
from tune_mc1.registry import resolve
from tune_mc1.training.optimizers.library import settings_of
from tune_mc1.training.optimizers.parts import Part, as_pytorch
from tune_mc1.training.torch_private import foreach

FULL_SIZE = 2**23
"""Maximum number of a group's parameters for settings in full size on a GPU, 32 MB each."""


def make_optimizer(config: TrialConfig, parts: list[Part]) -> Optimizer:
    """The optimiser that a trial names, with its settings.

    Args:
        config: The trial's parameters.
        parts: What to train.
    """
    made: Optimizer = resolve(OPTIMIZERS[config.optimizer].build)(config, as_pytorch(parts, config))
    return made


def common_settings(config: TrialConfig) -> dict[str, Any]:
    """Arguments of the trial's optimiser, if it is one of PyTorch's that has a fused form."""
    # One call for all parameters: 4 % of a small network's step. Scaled gradients are scaled back
    # before it, so that they can be clipped.
    return {**settings_of(config), "fused": config.precision != "16-mixed"}


def plain_settings(config: TrialConfig, part: Part | None = None) -> dict[str, Any]:
    """Settings that PyTorch's optimiser of a trial stores for a part, without its parameters."""
    like = replace(part or Part([]), parameters=[nn.Parameter(torch.empty(0))])
    (group,) = make_optimizer(config, [like]).state_dict()["param_groups"]
    return {name: value for name, value in group.items() if name != "params"}


class GroupOptimizer(Optimizer):
    """Updates the parameters of several trials, each with its own settings.

    Its state is that of PyTorch's optimiser of the same name, with a leading trial axis.

    Args:
        parts: What to train: parameters of shape (trials, ...).
        configs: Configurations of the trials, all with the same `optimizer`.
    """

    def __init__(self, parts: Sequence[Part], configs: Sequence[TrialConfig]) -> None:
        groups = [
            {"params": part.parameters, "trials": [plain_settings(c, part) for c in configs]}
            for part in parts
        ]
        super().__init__(groups, {})
        self._part = 0
        self._settings: dict[tuple[int, str], Tensor] = {}
        self._columns: dict[tuple[int, str, int], Tensor] = {}
        self._scheduled = False
        self._full: dict[tuple[int, str], list[Tensor]] = {}

    @property
    def trials(self) -> list[dict[str, Any]]:
        """Settings of each trial, as PyTorch's optimiser would store them; of the present part."""
        return cast(list[dict[str, Any]], self.param_groups[self._part]["trials"])

    def _each_part(self) -> Iterator[dict[str, Any]]:
        """The groups of parameters; each is the present one until the next."""
        for self._part, group in enumerate(self.param_groups):  # noqa: B020  the attribute
            yield group

    def keep(self, indices: Tensor) -> None:
        """Keeps only some of the trials.

        Args:
            indices: int64, their ascending indices; the parameters are already cut.
        """
        self._settings.clear()
        self._columns.clear()
        self._full.clear()
        for group in self.param_groups:
            group["trials"] = [group["trials"][i] for i in indices.tolist()]
        for state in self.state.values():
            for name, value in state.items():
                if value.ndim:
                    state[name] = value[indices.to(value.device)]

    def column(self, name: str, like: Tensor) -> Tensor:
        """A setting of all trials, shaped so that it broadcasts over a parameter's trial axis.

        Args:
            name: Name of the setting, such as `lr`.
            like: A parameter.
        """
        key = (self._part, name, like.ndim)
        if key not in self._columns:
            values = self._values(name, like)
            self._columns[key] = values.view(-1, *[1] * (like.ndim - 1))
        return self._columns[key]

    def _values(self, name: str, like: Tensor) -> Tensor:
        key = (self._part, name)
        if key not in self._settings:
            values = torch.tensor([t[name] for t in self.trials], dtype=torch.float64)
            self._settings[key] = values.to(like)
        return self._settings[key]

    def set_factors(self, factors: Sequence[float]) -> None:
        """Changes the learning rates in place, as a recorded step reads them from fixed memory.

        Args:
            factors: Factor of each trial's initial learning rate.
        """
        self._scheduled = True
        for group in self._each_part():
            # A trial that was alone before has its last rate, and this, as PyTorch names it.
            initial = [float(t.get("initial_lr", t["lr"])) for t in self.trials]
            rates = [rate * factor for rate, factor in zip(initial, factors, strict=True)]
            settings = self._values("lr", group["params"][0])
            settings.copy_(torch.tensor(rates, dtype=torch.float64))

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step of all trials."""
        result = None
        if closure is not None:
            with torch.enable_grad():
                result = closure()
        with torch.no_grad():
            for group in self._each_part():
                stepped = [p for p in group["params"] if p.grad is not None]
                if stepped:
                    self.update(stepped, [p.grad for p in stepped])
        return result

    def any_has(self, name: str) -> bool:
        """True if a setting of some trial is not 0."""
        return any(trial[name] for trial in self.trials)

    def columns(self, name: str, parameters: list[Tensor]) -> list[Tensor]:
        """A setting of all trials for each parameter.

        On a GPU, small parameters get it in full size, so that one kernel handles all of them;
        except learning rates that change with every step.
        """
        changes = name == "lr" and self._scheduled
        large = sum(p.numel() for p in parameters) > FULL_SIZE
        if changes or large or not parameters[0].is_cuda:
            return [self.column(name, parameter) for parameter in parameters]
        key = (self._part, name)
        if key not in self._full:
            self._full[key] = [torch.empty_like(p).copy_(self.column(name, p)) for p in parameters]
        return self._full[key]

    def decayed(self, parameters: list[Tensor], gradients: list[Tensor]) -> list[Tensor]:
        """The gradients, including the L2 penalty."""
        decays = self.columns("weight_decay", parameters)
        return list(foreach.addcmul(gradients, decays, parameters))

    def update(self, parameters: list[Tensor], gradients: list[Tensor]) -> None:
        """Does a step, in place; implemented by subclasses.

        Args:
            parameters: Parameters that have a gradient, each of shape (trials, ...).
            gradients: Their gradients, in the same shapes.
        """
        raise NotImplementedError


def lay_out(state: dict[str, Any], parameter: Tensor) -> None:
    """Gives moments of a checkpoint the layout of the parameter, so that one kernel handles all."""
    for name, value in state.items():
        if value.ndim and value.stride() != parameter.stride():
            state[name] = torch.empty_like(parameter).copy_(value)


def make_group_optimizer(configs: Sequence[TrialConfig], parts: list[Part]) -> GroupOptimizer:
    """The optimiser of a group of trials, all of which name the same one.

    Args:
        configs: Configurations of the trials.
        parts: What to train: parameters of shape (trials, ...).
    """
    path = OPTIMIZERS[configs[0].optimizer].grouped
    assert path is not None, "planning only groups trials whose optimiser has a grouped form"
    made: GroupOptimizer = resolve(path)(parts, configs)
    return made
