"""What the metrics of a user's module keep from one epoch to the next, such as a best accuracy.

It is not in Lightning's checkpoints, as torchmetrics leaves it out of `state_dict`, so that a
resumed trial would begin with none.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from lightning.pytorch import LightningModule, Trainer
from torchmetrics import Metric

from tune_mc1.modules.torchmetrics_private import metric_state, set_metric_state
from tune_mc1.training.lightning_private import logged_metrics


def metric_states(trainer: Trainer) -> dict[str, Any]:
    """The states of the module's metrics, by name, as they are when the next epoch begins.

    Args:
        trainer: The trainer, at the end of an epoch.
    """
    ended = logged_metrics(trainer)
    if ended is None:
        return {}
    going_on = _without_parts(trainer.lightning_module, ended)
    states = {name: metric_state(metric) for name, metric in going_on}
    return {name: state for name, state in states.items() if state is not None}


def set_metric_states(module: LightningModule, states: Mapping[str, Any]) -> None:
    """Has the module's metrics go on from their states.

    Args:
        module: The module.
        states: From `metric_states`.
    """
    for name, metric in _metrics(module):
        if name in states:
            set_metric_state(metric, states[name])


def _metrics(module: LightningModule) -> Iterator[tuple[str, Metric]]:
    return ((name, one) for name, one in module.named_modules() if isinstance(one, Metric))


def _without_parts(module: LightningModule, ended: list[Any]) -> Iterator[tuple[str, Metric]]:
    """The metrics that are neither among these nor parts of them."""
    parts = {id(part) for metric in ended for part in metric.modules()}
    return ((name, one) for name, one in _metrics(module) if id(one) not in parts)
