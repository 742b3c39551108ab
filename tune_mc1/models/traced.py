"""Networks of any origin, traced with torch.fx and read as layers and functions that can be fused.

A network is read in training and in evaluation mode; both must do the same, apart from dropout and
batch norm. Whatever is not known exactly is refused with a reason, as a trial can always be trained
alone.
"""

import math
from collections.abc import Hashable
from dataclasses import dataclass

from torch import Tensor, fx, nn

from tune_mc1.config.architectures import LayerSize
from tune_mc1.models.graph_reading import (
    EXAMPLES,
    NoFusedForm,
    Shape,
    Step,
    Values,
    calls_of,
    check_modules,
    fx_graph,
    tensors_of,
    values_of,
)
from tune_mc1.models.operation_call import Call


@dataclass
class Operation:
    """An operation of a network on one or two values.

    Attributes:
        call: Its kind and settings.
        layer: Path of the layer in the network; empty for a function.
        inputs: Its values, by the index of the operation that makes them; -1 is the images.
        shape: Shape of the result for one image.
        channels_last: Whether the result is in channels-last memory.
        shared: Whether the result is the same for all trials that read the same images, as no layer
            before it is trained.
        size: Size of a layer with weights.
    """

    call: Call
    layer: str
    inputs: tuple[int, ...]
    shape: Shape
    channels_last: bool
    shared: bool
    size: LayerSize | None = None


@dataclass
class Traced:
    """A network that can be fused.

    Attributes:
        image_shape: Channels, height and width of its images.
        operations: Its operations in order; the last one makes the logits.
    """

    image_shape: Shape
    operations: list[Operation]

    @property
    def dropouts(self) -> list[float]:
        """Probability of each dropout, in order."""
        return [m.call.dropout for m in self.operations if m.call.dropout is not None]

    @property
    def sizes(self) -> tuple[LayerSize, ...]:
        """Sizes of its convolutions and linear layers, in order."""
        return tuple(m.size for m in self.operations if m.size is not None)

    @property
    def width(self) -> float:
        """Mean number of channels that convolutions make, over all their outputs; 0 without one."""
        made = [m for m in self.operations if m.size is not None and len(m.shape) == 3]
        outputs = sum(math.prod(m.shape) for m in made)
        return sum(m.shape[0] * math.prod(m.shape) for m in made) / max(1, outputs)

    @property
    def signature(self) -> tuple[Hashable, ...]:
        """Equal for networks that compute the same, apart from weights and dropout."""
        made = self.operations
        return tuple((m.call.settings, m.layer, m.inputs, m.shape, m.channels_last) for m in made)

    def shape_of(self, index: int) -> Shape:
        """Shape of a value for one image."""
        return self.image_shape if index < 0 else self.operations[index].shape

    def is_shared(self, index: int) -> bool:
        """True for images, and what is computed of them before a trained layer."""
        return index < 0 or self.operations[index].shared


def trace(network: nn.Module, images: Tensor) -> Traced:
    """Reads a network.

    Args:
        network: Maps images to logits.
        images: (EXAMPLES, channels, height, width), in the memory format of training; on the meta
            device if the network is.

    Raises:
        NoFusedForm: If it has a part that is not known.
    """
    check_modules(network)
    modes = [(module, module.training) for module in network.modules()]
    try:
        in_training = calls_of(network, fx_graph(network.train()))
        graph = fx_graph(network.eval())
        calls = calls_of(network, graph)
        values = values_of(network, graph, images)
    finally:
        for module, mode in modes:
            module.training = mode
    same = [(call.switched(), inputs) for _, call, inputs in calls]
    if [(call, inputs) for _, call, inputs in in_training] != same:
        raise NoFusedForm("it does other operations in training than in evaluation")
    return _Reader(network, values).read(calls)


class _Reader:
    """Turns nodes into operations.

    Args:
        network: The network.
        values: Shape and memory format of each node's value.
    """

    def __init__(self, network: nn.Module, values: Values) -> None:
        self.network, self.values = network, values
        self.made: list[Operation] = []
        self.memory: list[int] = []  # the operation that made the memory of each value
        self.changed: set[int] = set()  # whose memory has been changed in place

    def read(self, steps: list[Step]) -> Traced:
        """The operations.

        Raises:
            NoFusedForm: If one is not known in its place.
        """
        for node, call, inputs in steps:
            self._add(node, call, inputs)
        if not self.made or len(self.made[-1].shape) != 1:
            raise NoFusedForm("it does not map images to logits")
        (images,) = (v for n, v in self.values.items() if n.op == "placeholder")
        return Traced(images[0][1:], self.made)

    def _add(self, node: fx.Node, call: Call, inputs: tuple[int, ...]) -> None:
        shape, channels_last = self.values[node]
        if shape[0] != EXAMPLES or len(shape) not in (2, 4):
            raise NoFusedForm(f"{call.name} makes a tensor of shape {list(shape)}")
        problem = call.problem([self.values[n][0][1:] for n in tensors_of(node)], shape[1:])
        if problem:
            raise NoFusedForm(problem)
        self._check_memory(call, inputs)
        shared = all(i < 0 or self.made[i].shared for i in inputs)
        shared = shared and call.kind not in ("trained", "norm", "dropout")
        layer = str(node.target) if node.op == "call_module" else ""
        size = None
        if call.kind == "trained":
            size = _size(self.network.get_submodule(layer), shape[1:])
        self.made.append(Operation(call, layer, inputs, shape[1:], channels_last, shared, size))

    def _check_memory(self, call: Call, inputs: tuple[int, ...]) -> None:
        """Refuses a value that is used after it has been changed in place."""
        memory = [self.memory[i] if i >= 0 else -1 for i in inputs]
        if self.changed & {*inputs}:
            raise NoFusedForm(f"{call.name} uses a value that has been changed in place")
        if call.in_place:
            self.changed |= {i for i, m in enumerate(self.memory) if m == memory[0]}
            self.changed |= {-1} if memory[0] < 0 else set()
        kept = call.is_view and not call.in_place
        self.memory.append(memory[0] if kept else len(self.made))


def _size(layer: nn.Module, shape: Shape) -> LayerSize:
    weights = sum(p.numel() for p in layer.parameters())
    outputs, weight = math.prod(shape), layer.weight
    assert isinstance(weight, Tensor)
    return LayerSize(weights, outputs, weight[0].numel() * outputs)
