"""Further metrics of a sweep: those that it records, and those that it optimises too."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationError

from tune_mc1.config.objective import Objective, known_metric

Recorded = str | Objective
"""A name, to record the metric; a mapping with `name` and `goal`, to optimise it too."""


def _read(value: Any) -> Recorded:
    if isinstance(value, Objective):
        return value
    if isinstance(value, str):
        return known_metric(value)
    return Objective.model_validate(value)


FurtherMetric = Annotated[Recorded, BeforeValidator(_read)]
"""An entry of the sweep file's `metrics`."""


def with_first(data: Any, kind: Any) -> Any:
    """The content of a sweep file; without a `metric` of its own, the first objective is it.

    Args:
        data: The content.
        kind: Model of its `metric`.
    """
    metrics = data.get("metrics") if isinstance(data, dict) else None
    if not metrics or data.get("metric") is not None or not isinstance(metrics, list | tuple):
        return data
    first = next((m for m in metrics if isinstance(m, dict | Objective)), None)
    try:
        return data if first is None else {**data, "metric": kind.model_validate(first)}
    except ValidationError:  # its own field says so
        return data


def objectives_of(metric: Objective, metrics: Sequence[Recorded]) -> tuple[Objective, ...]:
    """The metrics that a sweep optimises: its `metric`, and further ones with a goal.

    Raises:
        ValueError: If one is to be maximised and minimised.
    """
    found = {metric.name: metric}
    for one in metrics:
        if isinstance(one, str):
            continue
        if found.setdefault(one.name, one).goal != one.goal:
            raise ValueError(f"metrics: {one.name} has two goals")
    return tuple(found.values())
