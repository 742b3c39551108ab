"""Graphs of networks of any origin, traced with torch.fx: calls of known layers and functions."""

import random
from typing import Any

import numpy as np
import torch
from torch import Tensor, fx, nn

from tune_mc1.models.known_operations import (
    BATCH_NORMS,
    KNOWN_LAYERS,
    RESHAPE,
    function_call,
    layer_call,
)
from tune_mc1.models.operation_call import Call

Shape = tuple[int, ...]

EXAMPLES = 2
"""Images with which shapes are found; more than one, so that memory formats are unambiguous."""


UNKNOWN = "is not known to work for many trials at once"


class NoFusedForm(Exception):  # noqa: N818  a finding, which callers word
    """A network cannot be trained as one with others; the message is the reason."""


def check_modules(network: nn.Module) -> None:
    """Refuses a network whose parameters or modes are not those of known layers."""
    known = {id(m) for m in network.modules() if type(m) in KNOWN_LAYERS}
    for name, module in network.named_modules():
        if type(module).train is not nn.Module.train:
            raise NoFusedForm(f"{type(module).__name__} has a train() of its own")
        own = [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]
        if id(module) in known:
            names = {"weight", "bias"}
            if isinstance(module, BATCH_NORMS):
                names |= {"running_mean", "running_var", "num_batches_tracked"}
            if extra := {n for n, _ in own} - names:
                raise NoFusedForm(f"its layer {name} has {', '.join(sorted(extra))}")
        elif own and type(module).__module__.startswith("torch.nn"):
            raise NoFusedForm(f"{_kind(module)} {UNKNOWN}")
        elif own:
            raise NoFusedForm(f"{_kind(module)} holds parameters of its own")
    shared = sum(1 for _ in network.named_parameters(remove_duplicate=False))
    if shared != sum(1 for _ in network.parameters()):
        raise NoFusedForm("its layers share parameters")


def _kind(module: nn.Module) -> str:
    kind = type(module)
    return f"nn.{kind.__name__}" if kind.__module__.startswith("torch.nn") else kind.__name__


def fx_graph(network: nn.Module) -> fx.Graph:
    """The graph of a network in its present mode.

    Raises:
        NoFusedForm: If torch.fx cannot trace it, or its forward() does other things each time.
    """
    for _ in range(2):  # another thread may draw random numbers too, but hardly twice
        before = _python_state(network)
        graph = _trace(network)
        if _python_state(network) == before:
            return graph
    raise NoFusedForm("its forward() draws random numbers in Python, or changes its own numbers")


def _python_state(network: nn.Module) -> tuple[Any, ...]:
    """What Python decides by: the random generators of the CPU, and plain values of modules."""
    plain = [
        (name, key, value)
        for name, module in network.named_modules()
        for key, value in vars(module).items()
        if isinstance(value, bool | int | float | str)
    ]
    _, keys, *rest = np.random.get_state()
    drawn = np.asarray(keys).tobytes(), rest, torch.get_rng_state().numpy().tobytes()
    return random.getstate(), *drawn, plain


def _trace(network: nn.Module) -> fx.Graph:
    try:
        return fx.Tracer().trace(network)
    except Exception as error:  # whatever the user's forward() raises on symbolic values
        reason = str(error).strip().splitlines()[:1] or [type(error).__name__]
        raise NoFusedForm(f"torch.fx cannot trace it: {reason[0]}") from error


Step = tuple[fx.Node, Call, tuple[int, ...]]
"""A node, its operation, and its values by their index; -1 is the images."""


def calls_of(network: nn.Module, graph: fx.Graph) -> list[Step]:
    """Operations that the logits depend on, in order."""
    steps: list[Step] = []
    index: dict[fx.Node, int] = {}
    for node in _needed(graph):
        if node.op == "get_attr":
            raise NoFusedForm(f"it uses {node.target} outside of a layer")
        if node.op == "placeholder":
            index[node] = -1
            continue
        if node.op == "call_module":
            layer = network.get_submodule(str(node.target))
            name = _kind(layer)
            call = layer_call(layer) if type(layer) in KNOWN_LAYERS else None
        else:
            name = str(getattr(node.target, "__name__", node.target))
            call = function_call(node)
        if call is None:
            raise NoFusedForm(f"{name} {UNKNOWN}")
        inputs = tuple(index[before] for before in tensors_of(node))
        index[node] = len(steps)
        steps.append((node, call, inputs))
    if list(index.values()).count(-1) != 1:
        raise NoFusedForm("it does not take images alone")
    return steps


def _needed(graph: fx.Graph) -> list[fx.Node]:
    """Nodes that the logits depend on through images, in order; sizes are left out."""
    (output,) = (node for node in graph.nodes if node.op == "output")
    if not isinstance(output.args[0], fx.Node):
        raise NoFusedForm("it does not return logits alone")
    wanted, left = set(), [output.args[0]]
    while left:
        node = left.pop()
        if node not in wanted:
            wanted.add(node)
            left += tensors_of(node)
    return [node for node in graph.nodes if node in wanted]


def tensors_of(node: fx.Node) -> list[fx.Node]:
    """Nodes whose tensors a node uses; a change of shape also uses sizes."""
    return node.all_input_nodes[: 1 if node.target in RESHAPE else None]


Values = dict[fx.Node, tuple[Shape, bool]]
"""Shape of each node's value, and whether it is in channels-last memory."""


class _Shapes(fx.Interpreter):
    """Runs a graph and keeps the shape and memory format of every value."""

    found: Values

    def run_node(self, n: fx.Node) -> Any:
        value = super().run_node(n)
        if isinstance(value, Tensor):
            last = value.ndim == 4 and not value.is_contiguous()
            self.found[n] = tuple(value.shape), last
        return value


def values_of(network: nn.Module, graph: fx.Graph, images: Tensor) -> Values:
    """Shapes and memory formats of a graph's values, for some images."""
    run = _Shapes(fx.GraphModule(network, graph))
    run.found = {}
    try:
        with torch.no_grad():
            run.run(images)
    except Exception as error:  # whatever the user's network raises
        raise NoFusedForm(f"it fails on images of this size: {error}") from error
    return run.found
