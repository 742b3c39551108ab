"""Trials of a report that keep the constraints of their sweep."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.sweep import Sweep
from tune_mc1.results.columns_of_programs import metric_column


def permitted(trials: pd.DataFrame, sweep: Sweep) -> NDArray[np.bool_]:
    """Which trials keep all constraints by their last values (trials,).

    Args:
        trials: Rows of `trials.parquet`.
        sweep: Their sweep.
    """
    found = np.ones(len(trials), bool)
    for limit in sweep.limits:
        name = metric_column(limit.name) if isinstance(sweep, ProgramSweep) else limit.name
        if f"last_{name}" not in trials:
            return np.zeros(len(trials), bool)
        last = pd.to_numeric(trials[f"last_{name}"], errors="coerce")
        found &= np.array([limit.violation(value) <= 0 for value in last.astype(float)], bool)
    return found
