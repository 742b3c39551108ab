"""Arguments that get an optimiser or schedule without its parameters, as Hydra's `_partial_`."""

import inspect
import typing
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from lightning.pytorch.cli import LRSchedulerCallable, OptimizerCallable
from torch.optim import Optimizer, lr_scheduler

from tune_mc1.modules.classes import Factory

_SCHEDULES = (lr_scheduler.LRScheduler, lr_scheduler.ReduceLROnPlateau)


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
    function: Any = build.__init__ if isinstance(build, type) else build  # type: ignore[misc]
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return {}
    hints = _hints(function)
    found = {}
    for name, parameter in parameters.items():
        kind = _partial_type(hints.get(name, parameter.annotation))
        if kind is not None:
            found[name] = (kind, parameter.default)
    return found


def _hints(function: Any) -> Mapping[str, Any]:
    try:
        return typing.get_type_hints(function)
    except Exception:  # a name that is imported for type checkers only
        return {}


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
