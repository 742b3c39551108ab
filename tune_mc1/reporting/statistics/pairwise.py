"""Pairwise comparisons of all values of all parameters, with Holm's correction over them all."""

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from scipy import stats

from tune_mc1.reporting.frames import SweepFrames
from tune_mc1.reporting.statistics.contrast import Contrast, contrast
from tune_mc1.reporting.statistics.estimate import ALPHA, LEVEL, Estimate
from tune_mc1.reporting.statistics.more_units import MoreUnits, more_units
from tune_mc1.reporting.statistics.scores import Scores, Value, is_continuous, levels, scores
from tune_mc1.reporting.words.text import Text, say

RESAMPLES = 2000
FEWEST = 5
"""Settings that a correlation needs."""


@dataclass(frozen=True)
class Comparison:
    """Comparison of two values of a parameter: the score with `b` less that with `a`.

    Attributes:
        parameter: Name of the parameter.
        a: One value.
        b: The other.
        mean_a: Mean score with a, over the trials compared.
        mean_b: Mean score with b.
        effect: The difference, its 95 % interval (of this comparison alone), n and unit.
        p: p-value of the t-test; nan without one.
        p_holm: The p-value after Holm's correction over all comparisons of the sweep.
        reason: The basis of the comparison.
        more: The number of further observations that would decide it.
    """

    parameter: str
    a: Value
    b: Value
    mean_a: float
    mean_b: float
    effect: Estimate
    p: float
    p_holm: float
    reason: Text
    more: MoreUnits

    @property
    def significant(self) -> bool:
        """Whether it is significant after Holm's correction, at the level 0.05."""
        return self.p_holm < ALPHA


@dataclass(frozen=True)
class Trend:
    """Correlation of the score with a continuous parameter, over settings.

    Attributes:
        parameter: Name of the parameter.
        rho: Spearman's rank correlation in [-1, 1]; nan if it is not known.
        low: Lower end of its 95 % bootstrap interval over settings.
        high: Upper end.
        p: p-value of a permutation test.
        p_holm: The p-value after Holm's correction over all comparisons of the sweep.
        n: Settings.
        reason: The basis of the test. A correlation does not show an optimum in the middle.
    """

    parameter: str
    rho: float
    low: float
    high: float
    p: float
    p_holm: float
    n: int
    reason: Text


@dataclass(frozen=True)
class SweepTests:
    """All tests of one sweep; Holm's correction is over all of them.

    Attributes:
        comparisons: Of the values of parameters that have few, in the order of parameters.
        trends: Correlations with continuous parameters.
        column: The score, such as `best_val_acc`.
        note: Trials without a score, by reason, and other limits of the comparisons.
    """

    comparisons: tuple[Comparison, ...]
    trends: tuple[Trend, ...]
    column: str
    note: Text


def sweep_tests(
    frames: SweepFrames, column: str | None = None, epoch: int | None = None
) -> SweepTests:
    """Compares all pairs of values of each parameter that varies, and tests continuous ones.

    Args:
        frames: The sweep.
        column: As in `scores`.
        epoch: As in `scores`.
    """
    table = scores(frames, column, epoch)
    comparisons, trends = [], []
    for name in frames.varied:
        if is_continuous(frames, name):
            trends.append(_trend(table, name))
            continue
        pairs = combinations(levels(table.table, name), 2)
        comparisons += [_comparison(table, name, a, b) for a, b in pairs]
    p = [c.p for c in comparisons] + [t.p for t in trends]
    corrected = holm(p)
    # The level of the smallest p-value under Holm's correction.
    alpha = ALPHA / max(1, sum(not math.isnan(each) for each in p))
    return SweepTests(
        tuple(_corrected(c, p, alpha) for c, p in zip(comparisons, corrected, strict=False)),
        tuple(
            replace(t, p_holm=p) for t, p in zip(trends, corrected[len(comparisons) :], strict=True)
        ),
        table.column,
        table.note,
    )


def _corrected(comparison: Comparison, p: float, alpha: float) -> Comparison:
    decided = replace(comparison, p_holm=p)
    if decided.significant:
        return decided
    return replace(decided, more=more_units(comparison.effect, alpha=alpha))


def holm(p: Sequence[float]) -> list[float]:
    """P-values after Holm's correction (1979); nan stands for no test and stays nan.

    As `multipletests` of statsmodels, which collects garbage at each call: with torch loaded that
    takes a tenth of a second, too long for the many calls of a report.
    """
    values = np.asarray(p, float)
    known = np.flatnonzero(~np.isnan(values))
    rising = known[np.argsort(values[known], kind="stable")]
    steps = np.arange(len(rising), 0, -1) * values[rising]
    corrected = np.full(len(values), math.nan)
    corrected[rising] = np.maximum.accumulate(steps).clip(max=1.0)
    return [float(each) for each in corrected]


def _comparison(table: Scores, parameter: str, a: Value, b: Value) -> Comparison:
    found: Contrast = contrast(table, {parameter: a}, {parameter: b})
    p = found.effect.p
    more = more_units(found.effect)
    means = found.mean_a, found.mean_b
    return Comparison(parameter, a, b, *means, found.effect, p, p, found.reason, more)


def _trend(table: Scores, parameter: str) -> Trend:
    """Resamples and permutes whole settings, so that replicates do not count twice."""
    settings = table.table.groupby("setting").agg({parameter: "first", "score": "mean"}).dropna()
    x, y = settings[parameter].to_numpy(float), settings["score"].to_numpy(float)
    nothing = Trend(parameter, math.nan, math.nan, math.nan, math.nan, math.nan, len(x), Text())
    if len(x) < FEWEST:
        en = "Fewer than {n} settings with a score."
        de = "Weniger als {n} Einstellungen mit Ergebnis."
        return replace(nothing, reason=say(en, de, n=FEWEST))
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        reason = Text("All scores or values are equal.", "Alle Ergebnisse oder Werte sind gleich.")
        return replace(nothing, reason=reason)
    rx, ry = stats.rankdata(x), stats.rankdata(y)
    permuted = stats.PermutationMethod(RESAMPLES, batch=100, rng=np.random.default_rng(0))
    test = stats.pearsonr(rx, ry, method=permuted)
    drawn = stats.BootstrapMethod(
        RESAMPLES, batch=100, rng=np.random.default_rng(0), method="percentile"
    )
    with warnings.catch_warnings():
        for kind in (stats.ConstantInputWarning, stats.DegenerateDataWarning):
            warnings.simplefilter("ignore", kind)  # of a resample; then there is no interval
        low, high = map(float, test.confidence_interval(LEVEL, method=drawn))
    rho, p = float(test.statistic), float(test.pvalue)
    words = _RANKS_ALONE if math.isnan(low) else _RANKS
    return Trend(parameter, rho, low, high, p, p, len(x), say(*words, n=len(x)))


_RANKS = (
    "Spearman's rank correlation over {n} settings; bootstrap intervals, permutation tests.",
    "Rangkorrelation nach Spearman über {n} Einstellungen; Bootstrap-Intervalle, "
    "Permutationstests.",
)
_RANKS_ALONE = (
    "Spearman's rank correlation over {n} settings; permutation tests. No intervals: of so few "
    "settings, some bootstrap resamples have equal values throughout.",
    "Rangkorrelation nach Spearman über {n} Einstellungen; Permutationstests. Keine Intervalle: "
    "bei so wenigen Einstellungen sind in manchen Bootstrap-Stichproben alle Werte gleich.",
)
