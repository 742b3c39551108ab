"""Trials on the Pareto front of a sweep with several objectives."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tune_mc1.reporting.frames import SweepFrames
from tune_mc1.reporting.permitted import permitted
from tune_mc1.results.columns_of_programs import metric_column
from tune_mc1.results.pareto import non_dominated


@dataclass(frozen=True)
class ParetoTrials:
    """Final values of the objectives.

    Attributes:
        names: The objectives' own names.
        maximize: Whether higher values of each are better.
        trials: Rows of `trials.parquet` that have a value of each objective.
        values: Their values (trials, objectives).
        front: Which of them are on the front (trials,).
    """

    names: list[str]
    maximize: list[bool]
    trials: pd.DataFrame
    values: NDArray[np.float64]
    front: NDArray[np.bool_]

    def front_order(self) -> list[int]:
        """Positions of the trials on the front, best by the first objective first."""
        signs = np.where(self.maximize, -1.0, 1.0)
        order = np.lexsort((self.values * signs).T[::-1])
        return [int(i) for i in order if self.front[i]]


def pareto_trials(frames: SweepFrames) -> ParetoTrials | None:
    """The trials of a sweep with several objectives; None for one with a single metric."""
    goals = frames.sweep.objectives
    if len(goals) < 2:
        return None
    own = [metric_column(g.name) if frames.of_program else g.name for g in goals]
    columns = [f"last_{name}" for name in own]
    if not set(columns) <= set(frames.trials):
        return None
    values = frames.trials[columns].apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
    there = np.isfinite(values).all(axis=1) & (frames.trials["state"] != "diverged").to_numpy()
    there &= permitted(frames.trials, frames.sweep)
    trials, values = frames.trials[there], values[there]
    signs = np.array([-1.0 if goal.maximize else 1.0 for goal in goals])
    front = np.zeros(len(values), bool)
    front[non_dominated([tuple(point) for point in (values * signs).tolist()])] = True
    return ParetoTrials([g.name for g in goals], [g.maximize for g in goals], trials, values, front)
