"""Arguments as people publish them that the parser does not understand as they are meant.

An optimiser or schedule is given without its parameters, as by Hydra's `_partial_`; arguments in a
group (`args`, `hparams`, `config`) are used as attributes.
"""

import inspect
import typing
from argparse import Namespace
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from lightning.pytorch.cli import LRSchedulerCallable, OptimizerCallable
from torch.optim import Optimizer, lr_scheduler

from tune_mc1.modules.classes import Factory

_SCHEDULES = (lr_scheduler.LRScheduler, lr_scheduler.ReduceLROnPlateau)


class Group(dict[str, Any]):
    """A mapping whose entries are attributes too.

    Without a `__dict__`, for which the parser would take it to be a namespace without entries.
    """

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        raise AttributeError(f"there is no argument {name!r} (known: {', '.join(self)})")

    __setattr__ = dict.__setitem__
    __delattr__ = dict.__delitem__


def partial_types(build: Factory) -> dict[str, tuple[Any, Any]]:
    """Arguments that are declared as optimisers or schedules, but can only be functions of them.

    Their weights are those of the module, which is not there yet, so that `optimizer: Optimizer`
    means what LightningCLI calls `OptimizerCallable`. As many publish it, the module of all
    schedules, `torch.optim.lr_scheduler`, may stand for one of them.

    Args:
        build: A module's class, or a function that makes one.

    Returns:
        Their types by name, and their defaults; `inspect.Parameter.empty` for none.
    """
    declared = _declared(build)
    kinds = {name: _partial_type(kind) for name, (kind, _) in declared.items()}
    return {name: (kind, declared[name][1]) for name, kind in kinds.items() if kind is not None}


def namespaces(build: Factory) -> dict[str, tuple[Any, Any]]:
    """Arguments that are declared as an `argparse.Namespace`: any type, and their defaults.

    Args:
        build: A module's class, or a function that makes one.
    """
    found = _declared(build).items()
    return {name: (Any, default) for name, (kind, default) in found if kind is Namespace}


def with_attributes(build: Factory, given: Mapping[str, Any]) -> dict[str, Any]:
    """Mappings among the arguments of a class whose entries it may use as attributes: `args.lr`.

    Those without a declared type are mappings still.

    Args:
        build: A module's class, or a function that makes one.
        given: Its arguments.
    """
    found: dict[str, Any] = {}
    for name, (kind, _) in _declared(build).items():
        value = given.get(name)
        if isinstance(value, dict) and kind is Namespace:
            found[name] = Namespace(**value)
        elif isinstance(value, dict) and kind is inspect.Parameter.empty:
            found[name] = _attributes(value)
    return found


def without_groups(value: Any) -> Any:
    """A value with plain mappings in the place of groups, as checkpoints are data only."""
    if not isinstance(value, Group):
        return value
    return {name: without_groups(inner) for name, inner in value.items()}


def _attributes(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return Group({name: _attributes(inner) for name, inner in value.items()})


def _declared(build: Factory) -> dict[str, tuple[Any, Any]]:
    """Declared types and defaults of the arguments of a constructor."""
    function: Any = build.__init__ if isinstance(build, type) else build  # type: ignore[misc]
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return {}
    try:
        hints = typing.get_type_hints(function)
    except Exception:  # a name that is imported for type checkers only
        hints = {}
    return {name: (hints.get(name, p.annotation), p.default) for name, p in parameters.items()}


def _partial_type(annotation: Any) -> Any:
    """The type of a function that makes what is declared; None if that is something else."""
    kinds = [one for one in typing.get_args(annotation) or [annotation] if one is not type(None)]
    if kinds and all(isinstance(one, type) and issubclass(one, Optimizer) for one in kinds):
        return OptimizerCallable
    if kinds and all(_is_schedule(one) for one in kinds):
        return LRSchedulerCallable
    return None


def _is_schedule(kind: Any) -> bool:
    if isinstance(kind, ModuleType):
        return kind is lr_scheduler
    return isinstance(kind, type) and issubclass(kind, _SCHEDULES)
