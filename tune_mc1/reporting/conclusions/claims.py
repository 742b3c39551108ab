"""Claims that take more than one comparison of two groups."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from scipy import stats

from tune_mc1.reporting.conclusions.findings import (
    EQUAL,
    NEGLIGIBLE,
    Finding,
    Studies,
    measure,
    measured,
    models,
    nothing_ran,
    one_protocol,
)
from tune_mc1.reporting.statistics.contrast import contrast
from tune_mc1.reporting.statistics.estimate import LEVEL, Estimate
from tune_mc1.reporting.statistics.pairwise import holm
from tune_mc1.reporting.statistics.scores import Scores, levels
from tune_mc1.reporting.words.text import Text, join, say

RESAMPLES = 4000


@dataclass(frozen=True)
class Matters:
    """The claim that a parameter matters: two of its values differ (Holm over all pairs).

    Against it: all pairs of values are equal within ± `EQUAL`.

    Attributes:
        study: The study.
        parameter: Name of the parameter.
    """

    study: str
    parameter: str

    def __call__(self, studies: Studies) -> Finding:
        """Compares all pairs of values; the effect is that of the clearest pair."""
        table = measure(studies, [self.study])
        values = levels(table.table, self.parameter)
        if len(values) < 2:
            return nothing_ran(table, say("Fewer than two values of {p} ran.",
                "Weniger als zwei Werte von {p} sind gelaufen.", p=self.parameter))  # fmt: skip
        pairs = list(combinations(values, 2))
        found = [contrast(table, {self.parameter: a}, {self.parameter: b}) for a, b in pairs]
        p = [f.effect.p for f in found]
        known = [i for i, value in enumerate(p) if not math.isnan(value)]
        best = min(known, key=lambda i: p[i]) if known else 0
        within = [f.effect.p_within(EQUAL) for f in found]
        (a, b), top = pairs[best], found[best]
        en = "The clearest of {n} pairs, {b} against {a}, p corrected for all of them."
        de = "Das deutlichste von {n} Paaren, {b} gegen {a}, p für alle korrigiert."
        which = say(en, de, n=len(pairs), a=a, b=b)
        return Finding(
            True,
            top.effect,
            holm(p)[best],
            max(within) if len(known) == len(p) else math.nan,
            measured(table, "last", [table.table]),
            join([which, top.reason, models([table.table]), table.note]),
            tests=len(pairs),
        )


@dataclass(frozen=True)
class SignDiffers:
    """The claim that the sign of an effect differs between strata, so there is no rule of thumb.

    For it: the effect is above 0 in one stratum and below 0 in another, each after Holm's
    correction over the strata. Against it: there is an overall effect, and no stratum has one in
    the opposite direction beyond `NEGLIGIBLE`.

    Attributes:
        study: The study.
        parameter: Name of the parameter.
        a: One value.
        b: The other.
        strata: The parameters whose combinations are the strata.
    """

    study: str
    parameter: str
    a: float
    b: float
    strata: tuple[str, ...]

    def __call__(self, studies: Studies) -> Finding:
        """Compares the two values in every stratum; the effect is that over all strata."""
        table = measure(studies, [self.study])
        a, b = {self.parameter: self.a}, {self.parameter: self.b}
        overall = contrast(table, a, b)
        if overall.effect.n == 0:
            return nothing_ran(table, overall.reason)
        groups = table.table.groupby(list(self.strata), dropna=False, sort=False)
        cells = [contrast(replace(table, table=rows), a, b).effect for _, rows in groups]
        cells = [c for c in cells if c.n]
        known = [c for c in cells if c.known]
        return Finding(
            True,
            overall.effect,
            _both_signs(known),
            _one_sign(overall.effect, cells),
            measured(table, "last", [table.table]),
            join([_cells(cells), overall.reason, models([table.table]), table.note]),
            _least_clear(cells),
            tests=len(cells),
        )


def _least_clear(cells: Sequence[Estimate]) -> Estimate | None:
    unknown = [c for c in cells if not c.known]
    return unknown[0] if unknown else max(cells, key=lambda c: c.p, default=None)


def _both_signs(cells: Sequence[Estimate]) -> float:
    if len(cells) < 2:
        return math.nan
    above = min(holm([c.p_above(0) for c in cells]))
    below = min(holm([c.p_below(0) for c in cells]))
    return max(above, below)


def _one_sign(overall: Estimate, cells: Sequence[Estimate]) -> float:
    if len(cells) < 2 or not overall.known or not all(c.known for c in cells):
        return math.nan
    if overall.value > 0:
        return max(overall.p, *(c.p_above(-NEGLIGIBLE) for c in cells))
    return max(overall.p, *(c.p_below(NEGLIGIBLE) for c in cells))


def _cells(cells: Sequence[Estimate]) -> Text:
    above = sum(c.known and c.low > 0 for c in cells)
    below = sum(c.known and c.high < 0 for c in cells)
    en = "Of {n} strata, above 0: {up}, below 0: {down}, unclear: {rest}. Overall:"
    de = "Von {n} Schichten über 0: {up}, unter 0: {down}, unklar: {rest}. Insgesamt:"
    return say(en, de, n=len(cells), up=above, down=below, rest=len(cells) - above - below)


@dataclass(frozen=True)
class Spread:
    """The claim that settings differ by a minimum from the 10th to the 90th percentile.

    Attributes:
        study: The study.
        least: The minimum, an accuracy in (0, 1).
    """

    study: str
    least: float

    def __call__(self, studies: Studies) -> Finding:
        """Takes the range of settings' means, with a percentile bootstrap over settings."""
        table = one_protocol(measure(studies, [self.study]))
        means = table.table.groupby("setting")["score"].mean().to_numpy()
        if len(means) < 2:
            return nothing_ran(table, Text("Fewer than two settings have ended.",
                "Weniger als zwei Einstellungen sind fertig."))  # fmt: skip
        effect, p_for, p_against = self._range(means, table)
        en = "Range from the 10th to the 90th percentile of {n} settings, bootstrap interval."
        de = "Spanne vom 10. zum 90. Perzentil von {n} Einstellungen, Bootstrap-Intervall."
        once = Text() if table.replicated else _ONE_RUN
        return Finding(
            True,
            effect,
            p_for,
            p_against,
            measured(table, "last", [table.table]),
            join([say(en, de, n=len(means)), once, table.note]),
            margin=self.least,
        )

    def _range(self, means: np.ndarray, table: Scores) -> tuple[Estimate, float, float]:
        def width(x: np.ndarray, axis: int = -1) -> np.ndarray:
            low, high = np.quantile(x, (0.1, 0.9), axis=axis)
            return np.asarray(high - low)

        bare = Estimate(
            float(width(means)), n=len(means), trials=len(table.table),
            seeds=table.table["seed"].nunique(),
        )  # fmt: skip
        if len(means) < 10 or np.ptp(means) == 0:
            return bare, math.nan, math.nan
        found = stats.bootstrap(
            (means,), width, n_resamples=RESAMPLES, confidence_level=LEVEL, method="percentile",
            batch=max(1, 1_000_000 // len(means)), rng=np.random.default_rng(0),
        )  # fmt: skip
        drawn = found.bootstrap_distribution
        effect = replace(
            bare, low=float(found.confidence_interval.low),
            high=float(found.confidence_interval.high),
            method="bootstrap", se=float(drawn.std(ddof=1)), df=float(len(means) - 1),
        )  # fmt: skip
        # No resample beyond the bound does not make the p-value zero.
        below, above = (drawn <= self.least).sum(), (drawn >= self.least).sum()
        p_for, p_against = (min(1.0, 2 * float(k + 1) / (RESAMPLES + 1)) for k in (below, above))
        return effect, p_for, p_against


_ONE_RUN = Text(
    "Each setting ran once, so variation between runs is part of the range.",
    "Jede Einstellung lief einmal; der Zufall zwischen Läufen steckt in der Spanne.",
)
