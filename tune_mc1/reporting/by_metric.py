"""A sweep by another metric than that which it optimised, for a report."""

from dataclasses import replace

import pandas as pd

from tune_mc1.config.metrics import Goal, goal_of, split_metric
from tune_mc1.config.objective import Objective
from tune_mc1.errors import InputError, did_you_mean
from tune_mc1.reporting.frames import SweepFrames
from tune_mc1.reporting.permitted import permitted
from tune_mc1.results.columns_of_programs import HISTORY_COLUMNS, metric_column


def by_metric(frames: SweepFrames, name: str, goal: Goal | None = None) -> SweepFrames:
    """A sweep whose trials are scored by another metric that they logged.

    Args:
        frames: The sweep.
        name: The metric, as the sweep logged it.
        goal: Its goal; None for that of the sweep's own metric, or of a known one of ours.

    Raises:
        InputError: If no trial logged it, or a program's metric has no goal.
    """
    column = metric_column(name) if frames.of_program else name
    known = metrics_of(frames)
    if name not in known:
        rule = f"must be a metric of {frames.where.root} ({', '.join(known)})"
        raise InputError(f"--metric: {rule}{did_you_mean(name, known)}, got {name!r}")
    goal = goal or _goal(frames, name)
    if goal is None:
        rule = f"must be maximize or minimize for {name!r}, whose goal is not known"
        raise InputError(f"--goal: {rule}, got none")
    values = frames.history.dropna(subset=[column])
    per_trial = values.groupby("trial")[column]
    at = per_trial.idxmax() if goal == "maximize" else per_trial.idxmin()
    best, last = values.loc[at].set_index("trial"), values.groupby("trial").last()
    trials = frames.trials.copy()
    trials["best_epoch"] = trials["trial"].map(best["epoch"]).astype(float)
    trials[f"best_{column}"] = trials["trial"].map(best[column])
    trials[f"last_{column}"] = trials["trial"].map(last[column])
    if frames.sweep.limits:
        kept = permitted(trials, frames.sweep)
        trials[f"best_{column}"] = trials[f"best_{column}"].where(kept)
    metric = Objective.model_construct(name=name, goal=goal, target=None)
    sweep = frames.sweep.model_copy(update={"metric": metric})
    return replace(frames, sweep=sweep, trials=trials, as_run=frames.as_run or frames.sweep)


def metrics_of(frames: SweepFrames) -> list[str]:
    """The metrics that trials logged, under their own names, in order."""
    fixed = {column for column, _ in HISTORY_COLUMNS} | {*frames.parameters, "config_hash", "fold"}
    history = frames.history
    numbers = [str(name) for name in history if pd.api.types.is_numeric_dtype(history[name])]
    found = [name for name in numbers if name not in fixed and history[name].notna().any()]
    if frames.of_program:
        return [name.removeprefix("metric.") for name in found]
    return [name for name in found if split_metric(name)[0] is not None]


def _goal(frames: SweepFrames, name: str) -> Goal | None:
    own = frames.sweep.metric
    if name == own.name:
        return own.goal
    return None if frames.of_program else goal_of(name)
