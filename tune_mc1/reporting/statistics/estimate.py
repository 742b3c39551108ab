"""Estimates of means and differences with Student's intervals."""

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from tune_mc1.reporting.words.text import Text
from tune_mc1.results.summary import ANY, FEWEST, mean_interval

Unit = Literal["setting", "seed", "repeat", "fold"]
IntervalMethod = Literal["paired t", "corrected t", "Welch", "bootstrap", "none"]

LEVEL = 0.95
ALPHA = 0.05

UNITS: dict[Unit, tuple[Text, Text]] = {
    "setting": (Text("setting", "Einstellung"), Text("settings", "Einstellungen")),
    "seed": (Text("seed", "Seed"), Text("seeds", "Seeds")),
    "repeat": (Text("repeat", "Wiederholung"), Text("repeats", "Wiederholungen")),
    "fold": (Text("fold", "Fold"), Text("folds", "Folds")),
}
ENOUGH_SETTINGS = 3


def unit_of(settings: int, seeds: int, folds: int, *, seeded: bool = True) -> Unit:
    """The unit that counts as one independent observation.

    A setting, averaged over its seeds and folds, from three settings on; else a fold, else a seed.

    Args:
        settings: Settings, or pairs of them.
        seeds: Distinct seeds, or repeats.
        folds: Distinct folds.
        seeded: Whether trials have seeds.
    """
    if settings >= ENOUGH_SETTINGS:
        return "setting"
    if folds > 1:
        return "fold"
    one: Unit = "seed" if seeded else "repeat"
    return one if seeds >= settings else "setting"


@dataclass(frozen=True)
class Estimate:
    """A mean, or a difference of means, with its uncertainty.

    Attributes:
        value: The mean or the difference; nan if there is nothing to estimate it from.
        low: Lower end of the 95 % interval; nan if the spread is not known.
        high: Upper end of it.
        n: Number of units; in an unpaired comparison that of the smaller group.
        trials: Trials in them.
        unit: The unit that counts as one independent observation.
        method: The method of the interval.
        se: Standard error.
        df: Degrees of freedom.
        effect_size: Cohen's d_z for pairs (mean over standard deviation of the differences),
            Cohen's d for two groups; nan without a spread.
        spread: Standard deviation of the units, pooled for two groups; nan without a spread.
        rank_p: p-value of a rank test of the same hypothesis (Wilcoxon, Mann-Whitney); nan below
            6 units.
        seeds: Distinct seeds in it.
    """

    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    n: int = 0
    trials: int = 0
    unit: Unit = "setting"
    method: IntervalMethod = "none"
    se: float = math.nan
    df: float = math.nan
    effect_size: float = math.nan
    spread: float = math.nan
    rank_p: float = math.nan
    seeds: int = 0

    @property
    def known(self) -> bool:
        """Whether there is an interval."""
        return not math.isnan(self.low)

    @property
    def p(self) -> float:
        """Two-sided p-value of the hypothesis that it is 0; nan without an interval."""
        return 2 * min(self.p_above(0), self.p_below(0)) if self.known else math.nan

    def p_above(self, bound: float) -> float:
        """One-sided p-value of the hypothesis that it is at most `bound`."""
        return float(stats.t.sf(self._t(bound), self.df))

    def p_below(self, bound: float) -> float:
        """One-sided p-value of the hypothesis that it is at least `bound`."""
        return float(stats.t.cdf(self._t(bound), self.df))

    def p_within(self, margin: float) -> float:
        """P-value of the two one-sided tests (Schuirmann 1987) that it lies within ± `margin`."""
        return max(self.p_above(-margin), self.p_below(margin)) if self.known else math.nan

    def p_beyond(self, margin: float) -> float:
        """P-value of the hypothesis that it lies within ± `margin`; small if it lies beyond."""
        p = 2 * min(self.p_above(margin), self.p_below(-margin)) if self.known else math.nan
        return min(p, 1.0) if self.known else math.nan

    def _t(self, bound: float) -> float:
        return (self.value - bound) / self.se if self.known else math.nan


def mean_estimate(
    values: ArrayLike,
    *,
    unit: Unit,
    folds: int = 0,
    trials: int = 0,
    seeds: int = 0,
    limits: tuple[float, float] = ANY,
) -> Estimate:
    """The mean of independent observations, or of folds, with Student's interval.

    Args:
        values: One per unit: scores, or differences of pairs.
        unit: Their unit. Folds share training images, so their variance is corrected by
            Nadeau and Bengio (2003): 1/n becomes 1/n + test/train, here 1/(folds - 1).
        folds: Folds of the cross-validation, where `unit` is `fold`.
        trials: Trials in them.
        seeds: Distinct seeds in them.
        limits: Least and greatest possible value; see `mean_interval`. Those of a difference stay
            infinite, so that its interval holds 0 exactly if the test says so.

    Returns:
        An estimate without an interval if there are fewer than three values or all are equal.
    """
    x = np.asarray(values, float)
    n = len(x)
    if n == 0:
        return Estimate(unit=unit)
    bare = Estimate(float(x.mean()), n=n, trials=trials, unit=unit, seeds=seeds)
    if n < FEWEST:
        return bare
    spread = float(x.std(ddof=1))
    if spread <= 1e-12 * max(1.0, float(np.abs(x).max())):
        return bare
    corrected = unit == "fold" and folds > 1
    se = spread * math.sqrt(1 / n + (1 / (folds - 1) if corrected else 0))
    full = replace(
        bare,
        method="corrected t" if corrected else "paired t",
        se=se,
        df=float(n - 1),
        effect_size=bare.value / spread,
        spread=spread,
        rank_p=float(stats.wilcoxon(x).pvalue) if n >= 6 else math.nan,
    )
    low, high = mean_interval(full.value, se, full.df, limits)
    return replace(full, low=float(low), high=float(high))


def welch_estimate(a: ArrayLike, b: ArrayLike, *, trials: int = 0, seeds: int = 0) -> Estimate:
    """Mean of `b` less mean of `a`, unpaired, with unequal variances (Welch 1947).

    Args:
        a: Scores of one group of settings.
        b: Scores of the other.
        trials: Trials in both.
        seeds: Distinct seeds in both.
    """
    x, y = np.asarray(a, float), np.asarray(b, float)
    n = min(len(x), len(y))
    if n == 0:
        return Estimate()
    bare = Estimate(float(y.mean() - x.mean()), n=n, trials=trials, seeds=seeds)
    if n < FEWEST or x.std() + y.std() <= 1e-12:
        return bare
    variances = x.var(ddof=1) / len(x), y.var(ddof=1) / len(y)
    freedom = sum(variances) ** 2 / (
        variances[0] ** 2 / (len(x) - 1) + variances[1] ** 2 / (len(y) - 1)
    )
    squares = x.var(ddof=1) * (len(x) - 1) + y.var(ddof=1) * (len(y) - 1)
    pooled = math.sqrt(squares / (len(x) + len(y) - 2))
    full = replace(
        bare,
        method="Welch",
        se=math.sqrt(sum(variances)),
        df=float(freedom),
        effect_size=bare.value / pooled,
        spread=pooled,
        rank_p=float(stats.mannwhitneyu(x, y).pvalue) if n >= 6 else math.nan,
    )
    low, high = mean_interval(full.value, full.se, full.df)
    return replace(full, low=float(low), high=float(high))
