"""Mean curves of groups of trials, with their spread."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tune_mc1.reporting.drawing.context import Context, Matrix
from tune_mc1.results.summary import ANY, mean_interval

Unit = Literal["setting", "run", "fold"]
Band = Literal["interval", "range", "none"]
ENOUGH = 5
"""Fewer settings than this have no useful interval of their mean; their range is shown."""


@dataclass(frozen=True)
class MeanCurve:
    """The mean of some curves.

    Attributes:
        mean: Mean over the units that have a value, per epoch; nan without any.
        low: Lower edge of the band, per epoch; nan where there is none.
        high: Upper edge of the band.
        n: Number of trials that have a value, per epoch.
        total: Number of trials that have a value in any epoch.
        units: Number of units that have a value in any epoch.
    """

    mean: Matrix
    low: Matrix
    high: Matrix
    n: NDArray[np.int64]
    total: int
    units: int

    @property
    def whole(self) -> NDArray[np.bool_]:
        """The epochs in which every trial has a value."""
        return np.equal(self.n, self.total)


def unit_of(context: Context, masks: list[NDArray[np.bool_]]) -> Unit:
    """The unit of a mean: settings if any group has several, else runs or folds."""
    if any(len(np.unique(context.hashes[mask])) > 1 for mask in masks):
        return "setting"
    return "fold" if context.folds else "run"


def unit_curves(context: Context, curves: Matrix, mask: NDArray[np.bool_], unit: Unit) -> Matrix:
    """One row per unit: its curve, or the mean of its runs' curves if it is a setting.

    Args:
        context: The sweep.
        curves: (trials, epochs).
        mask: The trials.
        unit: The unit of a row.
    """
    rows = curves[mask]
    if context.replicated:  # repeats are one run, and so have no spread
        units = context.hashes if unit == "setting" else context.runs
        keys, places = np.unique(units[mask], return_inverse=True)
        sums, counts = (np.zeros((len(keys), rows.shape[1])) for _ in range(2))
        np.add.at(sums, places, np.nan_to_num(rows))
        np.add.at(counts, places, np.isfinite(rows))
        rows = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
    rows = rows[np.isfinite(rows).any(axis=1)]
    if context.of_program and unit == "run":  # equal repeats are one run, without a spread
        rows = pd.DataFrame(rows).drop_duplicates().to_numpy()
    return rows


def band_of(unit: Unit, sizes: list[int]) -> Band:
    """The kind of band of all curves of a figure.

    Folds share training images, so an interval over them would be too narrow.

    Args:
        unit: The unit of a group's size.
        sizes: The size of each group.
    """
    if max(sizes, default=0) < 2:
        return "none"
    return "interval" if unit != "fold" and min(sizes) >= ENOUGH else "range"


def mean_curve(
    rows: Matrix, band: Band, trials: Matrix | None = None, limits: tuple[float, float] = ANY
) -> MeanCurve:
    """Mean and band of curves.

    Args:
        rows: (units, epochs), each with a finite value somewhere.
        band: `interval`: 95 % by Student's t, where `ENOUGH` units have a value; `range`: from the
            smallest to the largest value, where two units have one.
        trials: (trials, epochs) behind the units; None if every unit is a trial.
        limits: Least and greatest possible value.
    """
    there = np.isfinite(rows)
    n = there.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(n > 0, np.where(there, rows, 0).sum(axis=0) / n, np.nan)
        squares = np.where(there, (rows - mean) ** 2, 0).sum(axis=0)
        ends = mean_interval(mean, np.sqrt(squares / (n - 1) / n), n - 1.0, limits)
    low = high = np.full(rows.shape[1], np.nan)
    if band == "interval":
        low, high = (np.where(n >= ENOUGH, end, np.nan) for end in ends)
    elif band == "range":
        low = np.where(n > 1, np.where(there, rows, np.inf).min(axis=0, initial=np.inf), np.nan)
        high = np.where(n > 1, np.where(there, rows, -np.inf).max(axis=0, initial=-np.inf), np.nan)
    alive = there if trials is None else np.isfinite(trials)
    total = int(alive.any(axis=1).sum())
    return MeanCurve(mean, low, high, alive.sum(axis=0).astype(np.int64), total, len(rows))
