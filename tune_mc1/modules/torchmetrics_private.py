"""State of torchmetrics' metrics, which their `state_dict` leaves out unless it is persistent."""

from typing import Any

from torch import Tensor
from torchmetrics import Metric

from tune_mc1.private_names import PrivateName

UPDATES = PrivateName(
    "torchmetrics:Metric._update_count",
    "goes on counting the updates of a metric that a resumed trial takes up",
    "torchmetrics 1.9",
    "a resumed trial of a module begins its metrics anew, such as the best accuracy so far",
)

NAMES = (UPDATES,)
"""All names of torchmetrics; a test looks for each in the version that is installed."""


def metric_state(metric: Metric) -> dict[str, Any] | None:
    """What a metric has gathered, as plain data and tensors; None if that is nothing.

    Args:
        metric: The metric.
    """
    if not UPDATES.usable() or not metric.update_called:
        return None
    return {"updates": metric.update_count, "values": _copy(metric.metric_state)}


def set_metric_state(metric: Metric, state: dict[str, Any]) -> None:
    """Has a metric go on from a state.

    Args:
        metric: The metric.
        state: From `metric_state`.
    """
    metric.reset()
    for name, value in state["values"].items():
        setattr(metric, name, _copy(value, metric))
    metric._update_count = state["updates"]


def _copy(value: Any, metric: Metric | None = None) -> Any:
    if isinstance(value, dict):
        return {name: _copy(one, metric) for name, one in value.items()}
    if isinstance(value, list):
        return [_copy(one, metric) for one in value]
    if isinstance(value, Tensor):
        return value.detach().clone() if metric is None else value.to(metric.device)
    return value
