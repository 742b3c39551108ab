"""Published outcomes matched to the trials of a sweep."""

from typing import Any

from tune_mc1.config.reference import Outcome
from tune_mc1.reporting.drawing.context import Context
from tune_mc1.reporting.drawing.groups import equals


def outcomes(context: Context) -> list[tuple[dict[str, Any], Outcome]]:
    """Outcomes that fit a sweep, each with the values that set its trials apart.

    There are none if the sweep's metric is not the published one, validation accuracy.
    """
    reference, trials = context.frames.sweep.reference, context.frames.trials
    if reference is None or context.frames.metric != "val_acc" or trials.empty:
        return []
    found = []
    for outcome in reference.outcomes:
        known = {k: v for k, v in outcome.where.items() if k in trials}
        if len(known) < len(outcome.where):
            continue
        rest = {k: v for k, v in known.items() if not equals(trials[k], v).all()}
        found.append((rest, outcome))
    return found


def overall(context: Context, statistic: str) -> Outcome | None:
    """The outcome of a statistic over all trials; None if it is ambiguous."""
    fitting = [o for rest, o in outcomes(context) if not rest and o.statistic == statistic]
    unbound = [outcome for outcome in fitting if not outcome.where]
    chosen = unbound or fitting
    return chosen[0] if len(chosen) == 1 else None


def by_value(context: Context, parameter: str, value: Any) -> Outcome | None:
    """The mean outcome of the trials that have a value; None without one."""
    for rest, outcome in outcomes(context):
        only = list(rest) == [parameter] and outcome.statistic == "mean"
        if only and _same(rest[parameter], value):
            return outcome
    return None


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, int | float) and isinstance(b, int | float):
        return abs(a - b) <= 1e-9 * max(abs(a), abs(b))
    return bool(a == b)


def source(context: Context) -> str:
    """The publication of the outcomes."""
    reference = context.frames.sweep.reference
    return reference.source if reference else ""
