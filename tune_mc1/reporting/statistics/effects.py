"""The score by value of each parameter: marginal means with bootstrap intervals."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy import stats

from tune_mc1.config.field_types import Lang
from tune_mc1.reporting.frames import SweepFrames, plain
from tune_mc1.reporting.statistics.estimate import LEVEL, UNITS, Unit, mean_estimate, unit_of
from tune_mc1.reporting.statistics.scores import (
    Scores,
    Value,
    is_continuous,
    levels,
    matching,
    scores,
)
from tune_mc1.reporting.words.text import NOTHING, Text, join, say
from tune_mc1.results.summary import ANY

RESAMPLES = 2000
BINS = 5
FEWEST = 5
"""Observations that a bootstrap needs; with fewer, the interval is Student's."""


@dataclass(frozen=True)
class MarginalMean:
    """The mean score of the settings with one value, or with a value in one bin.

    Attributes:
        value: The value, or the median of the bin.
        low_value: Lower edge of the bin; nan for a single value.
        high_value: Upper edge of the bin.
        mean: Mean over settings, each averaged over its seeds and folds; nan without any.
        low: Lower end of its 95 % interval; nan with one observation.
        high: Upper end. Intervals of two values may overlap although their paired difference is
            clear (`sweep_tests` tests that).
        points: The observations where they are two, which have no interval.
        unit: The unit of observation of the interval.
        settings: Settings in it.
        trials: Trials in it.
        missing: Trials with this value that have no score.
    """

    value: Value
    low_value: float
    high_value: float
    mean: float
    low: float
    high: float
    points: tuple[float, ...]
    unit: Unit
    settings: int
    trials: int
    missing: int


@dataclass(frozen=True)
class Marginal:
    """A parameter's marginal means.

    Attributes:
        parameter: Its name.
        column: The score, such as `best_val_acc`.
        continuous: Whether values are in bins with about equally many settings.
        means: In the order of values.
        notes: The method of the intervals, why some values have none, and the trials that are left
            out; each once, so that those of several parameters can be put together.
    """

    parameter: str
    column: str
    continuous: bool
    means: tuple[MarginalMean, ...]
    notes: tuple[Text, ...]

    @property
    def reason(self) -> Text:
        """All notes."""
        return join(self.notes)


def notes_of(marginals: Sequence[Marginal], lang: Lang) -> str:
    """The notes of several parameters, each once."""
    found = (note.of(lang) for marginal in marginals for note in marginal.notes)
    return " ".join(dict.fromkeys(filter(None, found)))


def marginal_means(
    frames: SweepFrames, parameter: str, column: str | None = None, epoch: int | None = None
) -> Marginal:
    """The mean score by value of one parameter.

    Args:
        frames: The sweep.
        parameter: Name of a parameter.
        column: As in `scores`.
        epoch: As in `scores`.
    """
    table = scores(frames, column, epoch)
    continuous = is_continuous(frames, parameter)
    bins = _bins(table.table[parameter], frames.trials[parameter]) if continuous else None
    if bins is None:
        values = levels(frames.trials, parameter)
        means = tuple(_of_value(table, frames.trials, parameter, v) for v in values)
    else:
        means = tuple(_of_bin(table, frames.trials, parameter, *edges) for edges in bins)
        if frames.trials[parameter].isna().any():
            means = (*means, _of_value(table, frames.trials, parameter, None))
    units = sorted({m.unit for m in means if m.trials and not math.isnan(m.low)})
    over = join((UNITS[unit][1] for unit in units), ", ")
    en = "Intervals: 95 %, bootstrap over {over}; Student's t where there are fewer than {n}."
    de = "Intervalle: 95 %, Bootstrap über {over}; nach Student, wo es weniger als {n} sind."
    how = say(en, de, n=FEWEST, over=over) if units else NOTHING
    none = _NO_SPREAD if any(m.trials and math.isnan(m.low) for m in means) else NOTHING
    few = _POINTS if any(m.points for m in means) else NOTHING
    notes = how, none, few, table.note
    return Marginal(parameter, table.column, continuous, means, notes)


_NO_SPREAD = Text(
    "Where there is no interval, there are fewer than three observations, or all are equal.",
    "Wo kein Intervall steht, gibt es weniger als drei Beobachtungen, oder alle sind gleich.",
)
_POINTS = Text(
    "Two observations are shown themselves, as they say next to nothing about the spread.",
    "Zwei Beobachtungen sind selbst gezeigt: über ihre Streuung sagen sie fast nichts.",
)


def _bins(scored: pd.Series, planned: pd.Series) -> list[tuple[float, float]]:
    """Edges of about equally full bins; the outer ones reach to the ends of what was planned."""
    values = scored.dropna() if scored.notna().any() else planned.dropna()
    edges = np.unique(np.quantile(values.to_numpy(float), np.linspace(0, 1, BINS + 1)))
    edges[0], edges[-1] = planned.min(), planned.max()
    return list(pairwise(edges))


def _of_value(table: Scores, planned: pd.DataFrame, parameter: str, value: Value) -> MarginalMean:
    count = int(matching(planned, {parameter: value}).sum())
    return _marginal(value, (math.nan, math.nan), table.only({parameter: value}), count)


def _of_bin(
    table: Scores, planned: pd.DataFrame, parameter: str, low: float, high: float
) -> MarginalMean:
    def inside(column: pd.Series) -> pd.Series:
        closed = column <= high if high == planned[parameter].max() else column < high
        return (column >= low) & closed

    rows = table.table[inside(table.table[parameter])]
    middle = plain(rows[parameter].median()) if len(rows) else (low + high) / 2
    count = int(inside(planned[parameter]).sum())
    return _marginal(middle, (low, high), replace(table, table=rows), count)


def _marginal(
    value: Value, edges: tuple[float, float], table: Scores, planned: int
) -> MarginalMean:
    rows = table.table
    means = rows.groupby("setting")["score"].mean()
    unit = unit_of(len(means), rows["seed"].nunique(), rows["fold"].nunique(), seeded=table.seeded)
    observed = rows.groupby("seed" if unit == "repeat" else unit)["score"].mean().to_numpy()
    if unit == "fold":
        estimate = mean_estimate(observed, unit=unit, folds=table.folds, limits=table.limits)
        low, high = estimate.low, estimate.high
    else:
        low, high = bootstrap_interval(observed, table.limits)
        if low == high:  # no spread, so its size is not known
            low = high = math.nan
    return MarginalMean(
        value=value,
        low_value=float(edges[0]),
        high_value=float(edges[1]),
        mean=float(means.mean()),
        low=low,
        high=high,
        points=tuple(map(float, observed)) if len(observed) == 2 else (),
        unit=unit,
        settings=len(means),
        trials=len(rows),
        missing=planned - len(rows),
    )


def bootstrap_interval(
    values: np.ndarray, limits: tuple[float, float] = ANY
) -> tuple[float, float]:
    """The 95 % interval of a mean by percentiles of resampled means.

    Args:
        values: One per independent observation.
        limits: Least and greatest possible value.

    Returns:
        Both ends: Student's interval below five observations, nan below three, the mean itself
        where all are equal.
    """
    if len(values) > 1 and np.ptp(values) == 0:
        return float(values[0]), float(values[0])
    if len(values) < FEWEST:
        estimate = mean_estimate(values, unit="setting", limits=limits)
        return estimate.low, estimate.high
    found = stats.bootstrap(
        (values,),
        np.mean,
        n_resamples=RESAMPLES,
        batch=max(1, 1_000_000 // len(values)),
        confidence_level=LEVEL,
        method="percentile",
        rng=np.random.default_rng(0),
    )
    return float(found.confidence_interval.low), float(found.confidence_interval.high)
