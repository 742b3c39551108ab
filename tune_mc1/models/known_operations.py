"""Layers and functions that mean the same for many trials side by side as for one."""

import inspect
import operator
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import fx, nn
from torch.nn import functional

from tune_mc1.models.operation_call import Call, Kind

BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
DROPOUT_LAYERS = (nn.Dropout, nn.Dropout2d)
ELEMENTWISE_LAYERS = (
    *(nn.Identity, nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.CELU, nn.SELU, nn.GELU, nn.SiLU),
    *(nn.Mish, nn.Tanh, nn.Sigmoid, nn.Hardtanh, nn.Hardswish, nn.Hardsigmoid, nn.Softplus),
)
IMAGE_LAYERS = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)
SOFTMAX_LAYERS = (nn.Softmax, nn.LogSoftmax)
KNOWN_LAYERS = (
    *(nn.Conv2d, nn.Linear, nn.Flatten),
    *(*BATCH_NORMS, *DROPOUT_LAYERS, *ELEMENTWISE_LAYERS, *IMAGE_LAYERS),
    *SOFTMAX_LAYERS,
)

_F, _T = functional, torch
_ELEMENTWISE = {
    *(_F.relu, _F.relu6, _F.leaky_relu, _F.elu, _F.celu, _F.selu, _F.gelu, _F.silu, _F.mish),
    *(_F.tanh, _F.sigmoid, _F.hardtanh, _F.hardswish, _F.hardsigmoid, _F.softplus, _F.relu_),
    *(_T.relu, _T.relu_, _T.tanh, _T.sigmoid, _T.selu, _T.celu),
    *("relu", "relu_", "tanh", "tanh_", "sigmoid", "sigmoid_"),
}
_IMAGE = {
    *(_F.max_pool2d, _F.avg_pool2d, _F.adaptive_avg_pool2d, _F.adaptive_max_pool2d),
    *(_T.max_pool2d,),
}
RESHAPE = {torch.flatten, torch.reshape, torch.squeeze, "flatten", "view", "reshape", "squeeze"}
_MEAN = {torch.mean, "mean"}
_SOFTMAX = {
    **dict.fromkeys((_F.softmax, _T.softmax, "softmax"), _T.softmax),
    **dict.fromkeys((_F.log_softmax, _T.log_softmax, "log_softmax"), _T.log_softmax),
}
_MIX = {
    *(operator.add, operator.iadd, torch.add, "add", "add_"),
    *(operator.mul, operator.imul, torch.mul, "mul", "mul_"),
    *(operator.sub, torch.sub, "sub", operator.truediv, "div"),
}
_IN_PLACE = {operator.iadd, operator.imul, _F.relu_, _T.relu_}
_DROPOUTS = {functional.dropout: nn.Dropout, functional.dropout2d: nn.Dropout2d}


def layer_call(layer: nn.Module) -> Call | None:
    """The operation of a layer, of one of `KNOWN_LAYERS`; None if its settings are not known."""
    name = type(layer).__name__
    settings = (name, layer.extra_repr())
    call: Call | None
    if isinstance(layer, DROPOUT_LAYERS):
        call = Call("dropout", name, (name,), None, layer.p, layer.inplace, layer.training)
    elif isinstance(layer, nn.Flatten):
        call = Call("reshape", name, ("reshape",))
    elif isinstance(layer, nn.Conv2d | nn.Linear):
        zeros = getattr(layer, "padding_mode", "zeros") == "zeros"
        call = Call("trained", name, settings) if zeros else None
    elif isinstance(layer, BATCH_NORMS):
        call = Call("norm", name, settings) if layer.momentum is not None else None
    elif isinstance(layer, SOFTMAX_LAYERS):
        function = _T.softmax if isinstance(layer, nn.Softmax) else _T.log_softmax
        call = _softmax(name, function, layer.dim)
    else:
        kind: Kind = "image" if isinstance(layer, IMAGE_LAYERS) else "elementwise"
        in_place = bool(getattr(layer, "inplace", False))
        known = not getattr(layer, "return_indices", False)
        call = Call(kind, name, settings, layer, in_place=in_place) if known else None
    return call


def function_call(node: fx.Node) -> Call | None:
    """The operation of a node that calls a function or method; None if it is not known."""
    target: Any = node.target
    name = target if isinstance(target, str) else target.__name__.lstrip("_")
    if target in RESHAPE:
        return Call("reshape", name, ("reshape",))
    if target in (torch.cat, torch.concat):
        return _cat(node)
    return _plain_call(node, target, name) if _is_plain(node) else None


def _plain_call(node: fx.Node, target: Any, name: str) -> Call | None:
    if target == "contiguous":
        return Call("elementwise", name, (name,), lambda values: values)
    if target in _DROPOUTS:
        return _dropout(node)
    if target in _SOFTMAX:
        dim = node.args[1] if len(node.args) > 1 else node.kwargs.get("dim")
        known = node.kwargs.get("dtype") is None
        return _softmax(name, _SOFTMAX[target], dim) if known else None
    return _applied_call(node, name)


def _applied_call(node: fx.Node, name: str) -> Call | None:
    """An operation that is applied to many trials as to one."""
    target: Any = node.target
    two = len(node.all_input_nodes) == 2
    kind: Kind | None = None
    if target in _MIX and not node.kwargs and len(node.args) == 2:
        kind = "mix"
    elif target in _ELEMENTWISE and not two:
        kind = "elementwise"
    elif target in _IMAGE and not two and not _argument(node, "return_indices"):
        kind = "image"
    elif target in _MEAN and not two:
        kind = "mean"
    if kind is None:
        return None
    settings = (name, *_constants(node.args), *sorted(_constants(node.kwargs.items())))
    in_place = target in _IN_PLACE or name.endswith("_") or bool(_argument(node, "inplace"))
    return Call(kind, name, settings, _applied(node), in_place=in_place)


def _softmax(name: str, function: Callable[..., Any], dim: Any) -> Call | None:
    """Softmax over the classes, which are the last axis of one trial and of many."""
    if dim not in (1, -1):
        return None
    return Call("softmax", name, (name,), partial(function, dim=-1))


def _cat(node: fx.Node) -> Call | None:
    parts = node.args[0] if node.args else None
    dim = node.args[1] if len(node.args) > 1 else node.kwargs.get("dim", 0)
    whole = isinstance(parts, list | tuple) and all(isinstance(p, fx.Node) for p in parts)
    if not whole or dim != 1 or len(set(parts)) != len(parts):  # type: ignore[arg-type]
        return None
    return Call("cat", "cat", ("cat",))


def _dropout(node: fx.Node) -> Call:
    name = _DROPOUTS[node.target].__name__  # type: ignore[index]
    p, in_place, active = (_argument(node, n) for n in ("p", "inplace", "training"))
    return Call("dropout", name, (name,), None, p, bool(in_place), bool(active))


def _argument(node: fx.Node, name: str) -> Any:
    """Value of an argument of a function written in Python; None if it has no such argument."""
    if name in node.kwargs:
        return node.kwargs[name]
    target: Any = node.target
    try:
        bound = inspect.signature(target).bind(*node.args, **node.kwargs)
    except (TypeError, ValueError):
        return None
    bound.apply_defaults()
    return bound.arguments.get(name)


def _is_plain(node: fx.Node) -> bool:
    """True if tensors are the first argument, and possibly the second, and nowhere else."""
    direct = [a for a in node.args[:2] if isinstance(a, fx.Node)]
    first = bool(node.args) and isinstance(node.args[0], fx.Node)
    return first and len(direct) == len(node.all_input_nodes)


def _constants(values: Any) -> tuple[Any, ...]:
    return tuple("value" if isinstance(v, fx.Node) else repr(v) for v in values)


def _applied(node: fx.Node) -> Callable[..., Any]:
    """The node's function of its tensors alone."""
    args, kwargs, target = node.args, dict(node.kwargs), node.target
    places = [i for i, arg in enumerate(args) if isinstance(arg, fx.Node)]

    def run(*tensors: Any) -> Any:
        filled = list(args)
        for place, tensor in zip(places, tensors, strict=True):
            filled[place] = tensor
        if isinstance(target, str):
            return getattr(filled[0], target)(*filled[1:], **kwargs)
        return target(*filled, **kwargs)

    return run
