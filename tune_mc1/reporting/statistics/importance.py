"""Permutation importance of each parameter for the score, with its uncertainty."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import permutation_importance
from sklearn.preprocessing import OrdinalEncoder

from tune_mc1.reporting.frames import SweepFrames, plain
from tune_mc1.reporting.statistics.scores import scores
from tune_mc1.reporting.words.text import Text, join, say

EXCHANGED = Text(
    "Not reliable: trials exchanged weights and settings, of which each counts with its last.",
    "Nicht verlässlich: Trials tauschten Gewichte und Einstellungen; es zählen ihre letzten.",
)
LEAST_R2 = 0.3
LEAST_SETTINGS = 15
MOST_SETTINGS = 500
"""More settings than this are subsampled at random, so that a large sweep costs no more."""
TREES = 200
RESAMPLES = 20
RESAMPLE_TREES = 30


@dataclass(frozen=True)
class Importance:
    """One parameter's importance.

    Attributes:
        parameter: Its name.
        value: Loss of R² on settings held out from the forest when the parameter is shuffled;
            about 0 if it does not matter. It may be negative by chance, or exceed 1.
        low: Lower end of the 95 % interval over bootstrap resamples of settings.
        high: Upper end.
        correlation: Spearman's with the score, in [-1, 1]; nan unless the parameter is numeric.
    """

    parameter: str
    value: float
    low: float
    high: float
    correlation: float


@dataclass(frozen=True)
class Importances:
    """The importance of every parameter that varies.

    Attributes:
        rows: Most important first.
        r2: Out-of-bag R² of the forest on all settings; nan if there are too few.
        settings: Number of settings that it was fitted to.
        reliable: Whether there are enough settings and the forest explains enough.
        column: The score, such as `best_val_acc`.
        reason: Why it is not reliable, or how it was computed.
    """

    rows: tuple[Importance, ...]
    r2: float
    settings: int
    reliable: bool
    column: str
    reason: Text


def importance(
    frames: SweepFrames, column: str | None = None, epoch: int | None = None
) -> Importances:
    """Permutation importance (Breiman 2001) of a random forest over settings.

    Each of 20 bootstrap resamples of settings trains a forest; parameters are shuffled, one at a
    time, among the settings outside of the resample. Seeds and folds of a setting are averaged
    first. Correlated parameters, which a random search has by chance, share their importance.

    Args:
        frames: The sweep.
        column: As in `scores`.
        epoch: As in `scores`.
    """
    table = scores(frames, column, epoch)
    names = frames.varied
    settings = table.table.groupby("setting", as_index=False).agg(
        dict.fromkeys(names, "first") | {"score": "mean"}
    )
    n = len(settings)
    if n > MOST_SETTINGS:
        settings = settings.sample(MOST_SETTINGS, random_state=0)
    y = settings["score"].to_numpy()
    problem = _problem(n, len(names), y)
    if problem:
        return Importances((), math.nan, n, False, table.column, join([problem, table.note]))
    orders = {name: frames.declared_values(name) for name in names if _ordinal(frames, name)}
    x = _numbers(settings[names], orders)
    forest = RandomForestRegressor(TREES, oob_score=True, random_state=0).fit(x, y)
    drops = _drops(x, y)
    rows = [
        Importance(name, *_interval(drops[:, i]), _correlation(settings[name], y))
        for i, name in enumerate(names)
    ]
    rows.sort(key=lambda row: -row.value)
    r2 = float(forest.oob_score_)
    reason = EXCHANGED if frames.exchanged else _reason(n, r2)
    reliable = r2 >= LEAST_R2 and n >= LEAST_SETTINGS and not frames.exchanged
    return Importances(tuple(rows), r2, n, reliable, table.column, join([reason, table.note]))


def _problem(settings: int, parameters: int, y: np.ndarray) -> Text:
    if parameters == 0:
        return Text("No parameter varies.", "Kein Parameter variiert.")
    if settings < 5:
        return Text(
            "Not known: fewer than 5 settings with a score.",
            "Unbekannt: weniger als 5 Einstellungen mit Ergebnis.",
        )
    if np.ptp(y) == 0:
        return Text("All scores are equal.", "Alle Ergebnisse sind gleich.")
    return Text()


def _reason(settings: int, r2: float) -> Text:
    if settings < LEAST_SETTINGS:
        en = "Not reliable: {n} settings, fewer than {least}."
        de = "Nicht verlässlich: {n} Einstellungen, weniger als {least}."
        return say(en, de, n=settings, least=LEAST_SETTINGS)
    if r2 < LEAST_R2:
        en = "Not reliable: the forest's out-of-bag R² is {r2}, below {least}."
        de = "Nicht verlässlich: das Out-of-Bag-R² des Waldes ist {r2}, unter {least}."
        return say(en, de, r2=round(r2, 2), least=LEAST_R2)
    en = "Random forest over {n} settings, out-of-bag R² {r2}; 95 % interval over resamples."
    de = "Random Forest über {n} Einstellungen, Out-of-Bag-R² {r2}; 95-%-Intervall über Resamples."
    return say(en, de, n=settings, r2=round(r2, 2))


def _ordinal(frames: SweepFrames, name: str) -> bool:
    return bool(getattr(frames.declared(name), "ordinal", False))


def _numbers(settings: pd.DataFrame, orders: Mapping[str, Sequence[Any]]) -> np.ndarray:
    """Parameters as numbers; missing values stay missing, and the forest can split on them.

    Args:
        settings: Parameters as columns.
        orders: Values of ordinal parameters in their order, by name.
    """
    columns = []
    for name in settings:
        column = settings[name]
        if (order := orders.get(str(name))) is not None:
            places = [order.index(v) if (v := plain(each)) in order else None for each in column]
            columns.append(np.array(places, float))
        elif pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            columns.append(column.to_numpy(float))
        else:
            labels = column.map(str, na_action=None).to_frame()
            columns.append(OrdinalEncoder().fit_transform(labels)[:, 0])
    return np.column_stack(columns)


def _drops(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The loss of R² per resample and parameter, on settings outside of the resample."""
    rng = np.random.default_rng(0)
    rows = []
    for seed in range(RESAMPLES):
        inside = rng.integers(len(y), size=len(y))
        outside = np.setdiff1d(np.arange(len(y)), inside)
        if len(outside) < 2 or np.ptp(y[inside]) == 0:
            continue
        forest = RandomForestRegressor(RESAMPLE_TREES, random_state=seed).fit(x[inside], y[inside])
        found = permutation_importance(
            forest,
            x[outside],
            y[outside],
            scoring="neg_mean_squared_error",
            n_repeats=2,
            random_state=seed,
        )
        rows.append(found.importances_mean / y.var())
    return np.reshape(rows, (-1, x.shape[1]))


def _interval(drops: np.ndarray) -> tuple[float, float, float]:
    if len(drops) == 0:
        return math.nan, math.nan, math.nan
    low, high = np.quantile(drops, (0.025, 0.975))
    return float(drops.mean()), float(low), float(high)


def _correlation(column: pd.Series, y: np.ndarray) -> float:
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return math.nan
    x = column.to_numpy(float)
    there = ~np.isnan(x)
    if there.sum() < 3 or np.ptp(x[there]) == 0 or np.ptp(y[there]) == 0:
        return math.nan
    return float(stats.spearmanr(x[there], y[there]).statistic)
