"""Mean of the scores of a setting's runs, with its uncertainty."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

CONFIDENCE = 0.95

FEWEST = 3
"""Runs that an interval needs. Two have a single difference: it says next to nothing of the spread,
and Student's interval is then 13 standard errors wide on either side."""

ANY = (-math.inf, math.inf)
"""Range of a metric of which nothing is known."""


@dataclass(frozen=True)
class Summary:
    """Mean of some scores, with its uncertainty.

    Attributes:
        n: Number of scores.
        mean: Their mean; None if there are none.
        sd: Standard deviation of the runs (n - 1); None for fewer than two.
        low: Lower end of the 95 % confidence interval of the mean; None for fewer than three runs,
            and where they do not vary.
        high: Upper end of that interval.
        runs: Number of different runs: of seeds, or of folds of seeds. Equal ones count once.
        points: The score of each run, ascending, where they are two, which have no interval.
    """

    n: int
    mean: float | None = None
    sd: float | None = None
    low: float | None = None
    high: float | None = None
    runs: int = 0
    points: tuple[float, ...] = ()


def summarize(
    scores: Sequence[float], folds: int = 0, limits: tuple[float, float] = ANY
) -> Summary:
    """Mean, standard deviation, and 95 % confidence interval (`mean_interval`).

    The training images of folds overlap, so their scores vary less than scores on new images would;
    the variance of the mean is corrected for that (Nadeau and Bengio, Machine Learning 52, 2003;
    for repeated folds Bouckaert and Frank, PAKDD 2004).

    Args:
        scores: One score per run.
        folds: Number of folds, if the runs are folds; 0 otherwise.
        limits: Least and greatest possible value.
    """
    n = len(scores)
    if n < 2:
        return Summary(n, scores[0] if scores else None, runs=n)
    mean, sd = statistics.fmean(scores), statistics.stdev(scores)
    bare = Summary(n, mean, sd, runs=n)
    if n < FEWEST:
        return replace(bare, points=tuple(sorted(scores)))
    if sd <= 1e-12 * max(1.0, abs(mean)):  # an interval of width 0 would claim to know the mean
        return bare
    overlap = 1 / (folds - 1) if folds else 0.0
    low, high = mean_interval(mean, sd * math.sqrt(1 / n + overlap), n - 1, limits)
    return replace(bare, low=float(low), high=float(high))


def mean_interval(mean: Any, error: Any, degrees: Any, limits: tuple[float, float] = ANY) -> Any:
    """95 % confidence interval of a mean by Student's t, within the limits of a metric.

    The mean of a metric between two limits has its interval on the logit scale, of one that is not
    negative on the log scale, by the delta method (Agresti, Categorical Data Analysis, 2013,
    section 16.1; Korn and Graubard, Survey Methodology 24, 1998). Where the spread is small against
    the distance to the limits it is Student's own. Near a limit, where scores are skewed, it covers
    the mean as often as it says: of 3 seeds of mean 0.97 and standard deviation 0.02 in 95 of 100
    cases, and Student's, cut off at 1, in 92 (tests/results/test_settings.py).

    Args:
        mean: The mean, a number or an array.
        error: Its standard error, in the same shape.
        degrees: Degrees of freedom, in the same shape.
        limits: Least and greatest possible value; infinite where there is none.

    Returns:
        Both ends.
    """
    import numpy as np
    from scipy.special import expit, logit, stdtrit

    least, greatest = limits
    half = stdtrit(degrees, (1 + CONFIDENCE) / 2) * error
    if math.isinf(least):
        return mean - half, mean + half
    above = np.clip(np.asarray(mean, float) - least, 1e-300, None)
    if math.isinf(greatest):
        return least + above * np.exp(-half / above), least + above * np.exp(half / above)
    share = np.clip(above / (greatest - least), 1e-15, 1 - 1e-15)
    distance = half / (greatest - least) / (share * (1 - share))
    ends = (expit(logit(share) + sign * distance) for sign in (-1, 1))
    return tuple(least + (greatest - least) * end for end in ends)


def summarize_runs(
    runs: Mapping[Any, float], trials: int, folds: int = 0, limits: tuple[float, float] = ANY
) -> Summary:
    """Mean of one setting's different runs, with its uncertainty.

    Trials of the same run, with equal seed and fold, are repeats: they count once, with their mean.

    Args:
        runs: The mean score of each run.
        trials: Number of trials in them.
        folds: As in `summarize`.
        limits: As in `summarize`.
    """
    return replace(summarize(list(runs.values()), folds, limits), n=trials)
