"""What more settings of a sweep are expected to gain, from the scores of those that ended.

The model is that of extreme values: above a threshold, the best scores of settings drawn at random
follow a generalised Pareto distribution (Pickands, Annals of Statistics 3, 1975), whose shape and
scale are integrated over a grid, with a flat prior, instead of being estimated. Scores have an
upper end, which the shapes below 0 express; those above 0 are there for caution.

A search that learns draws better settings as it goes on. There the best scores of the later half
alone are used, and the probability of passing the threshold is theirs.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

LEAST = 12
"""Settings with a score, without which nothing is said."""

_TAIL, _SHARE, _MOST = 8, 3, 60
"""Best scores that are used: one of so many, but at least and at most so many."""

_SHAPES, _SCALES, _STEPS = 25, 40, 200
_LOWEST_SHAPE, _HIGHEST_SHAPE = -0.8, 0.2
EARLIER = (0.8, 0.9, 1.0)
_SIDE = 0.025
"""Probability beyond each end of an interval."""


@dataclass(frozen=True)
class Gain:
    """A gain of the best score that is expected, with its 95 % interval.

    Attributes:
        mean: The expected gain.
        low: Lower end of the interval.
        high: Upper end of the interval.
    """

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Outlook:
    """What more settings are expected to gain.

    Attributes:
        next: Expected gain of one more setting; the interval is that of the expectation.
        rest: Gain of all that are left together; the interval is that of the gain itself.
    """

    next: Gain
    rest: Gain


@dataclass(frozen=True)
class Tail:
    """The distribution of the best scores.

    Attributes:
        shapes: Shapes on a grid.
        scales: Scales on the same grid.
        weights: Their probabilities.
        passing: Probability that a setting passes the threshold.
        top: The best score, less the threshold.
    """

    shapes: "np.ndarray"
    scales: "np.ndarray"
    weights: "np.ndarray"
    passing: float
    top: float


def not_worth_it(
    scores: Sequence[float | None], left: int, least: float, *, learns: bool = False
) -> Outlook | None:
    """The outlook of a sweep of which another setting is not worth its cost; None if it is.

    The upper end of the interval of the next gain must be below the least one, and have been when a
    fifth and a tenth fewer settings had ended: an interval that is looked at again and again is too
    low now and then.

    Args:
        scores: As in `outlook`.
        left: As in `outlook`.
        least: The least gain for which another setting is worth its cost.
        learns: As in `outlook`.
    """
    for share in EARLIER:
        tail = tail_of(scores[: int(len(scores) * share)], learns=learns)
        if tail is None or next_gain(tail).high >= least:
            return None
    return outlook(scores, left, learns=learns)


def outlook(scores: Sequence[float | None], left: int, *, learns: bool = False) -> Outlook | None:
    """What more settings are expected to gain.

    Args:
        scores: Scores of the settings that ended, in the order in which they did; higher is better,
            None for a setting that failed or diverged.
        left: Settings that have not ended.
        learns: Whether the search learns from scores.

    Returns:
        The expected gains; None if there are too few scores.
    """
    tail = tail_of(scores, learns=learns)
    return None if tail is None else Outlook(next_gain(tail), gain_of_rest(tail, left))


def tail_of(scores: Sequence[float | None], *, learns: bool = False) -> Tail | None:
    """The distribution of the best scores; None if there are too few; see `outlook`."""
    import numpy as np

    drawn = scores[len(scores) // 2 :] if learns else scores
    known = np.sort([s for s in drawn if s is not None and math.isfinite(s)])[::-1]
    if len(known) < LEAST:
        return None
    best = max(s for s in scores if s is not None and math.isfinite(s))
    count = min(max(_TAIL, len(known) // _SHARE), _MOST, len(known) - 1)
    threshold = known[count]
    excess = known[:count] - threshold
    shapes, scales, weights = _posterior(excess)
    return Tail(shapes, scales, weights, count / (len(drawn) + 1), float(best - threshold))


def next_gain(tail: Tail) -> Gain:
    """Expected gain of one more setting, with the interval of the expectation."""
    import numpy as np

    inside = np.maximum(1 + tail.shapes * tail.top / tail.scales, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        beyond = tail.scales / (1 - tail.shapes) * inside ** (1 - 1 / tail.shapes)
    gains = tail.passing * np.where(inside > 0, beyond, 0.0)
    order = np.argsort(gains)
    cumulated = np.cumsum(tail.weights[order])
    ends = np.minimum(np.searchsorted(cumulated, [_SIDE, 1 - _SIDE]), len(order) - 1)
    low, high = (float(gains[order[end]]) for end in ends)
    return Gain(float(tail.weights @ gains), low, high)


def gain_of_rest(tail: Tail, left: int) -> Gain:
    """Gain of the best of so many more settings, with the interval of the gain itself."""
    import numpy as np

    if left <= 0:
        return Gain(0.0, 0.0, 0.0)
    steps = np.concatenate([[0.0], np.geomspace(1e-4, 30.0, _STEPS)])
    steps *= float(tail.weights @ tail.scales)
    inside = np.maximum(1 + np.outer(tail.shapes / tail.scales, tail.top + steps), 0.0)
    with np.errstate(divide="ignore"):
        powers = np.where(inside > 0, inside ** (-1 / tail.shapes[:, None]), 0.0)
    beyond = np.minimum(tail.passing * powers, 1.0)
    below = tail.weights @ (1 - beyond) ** left  # probability of at most that gain
    mean = float(np.trapezoid(1 - below, steps))
    ends = np.minimum(np.searchsorted(below, [_SIDE, 1 - _SIDE]), _STEPS)
    return Gain(mean, *(float(steps[end]) for end in ends))


def said(found: Outlook, left: int, least: float, metric: str) -> str:
    """What a sweep that ends expects to miss, in words."""
    one, rest = found.next, found.rest
    return (
        f"another setting is expected to gain {one.mean:.2g} of {metric} (95 %: up to "
        f"{one.high:.2g}), less than {least:g}; the {left} left together {rest.mean:.2g} "
        f"(95 %: {rest.low:.2g} to {rest.high:.2g})"
    )


def _posterior(excess: "np.ndarray") -> tuple["np.ndarray", "np.ndarray", "np.ndarray"]:
    """Shapes and scales of the tail on a grid, with their probabilities.

    Args:
        excess: Scores above the threshold, less the threshold, best first.
    """
    import numpy as np

    if excess[0] <= 0:  # all are equal
        return np.full(1, -1e-6), np.full(1, 1e-12), np.ones(1)
    shape = np.linspace(_LOWEST_SHAPE, _HIGHEST_SHAPE, _SHAPES)
    scale = excess.mean() * np.geomspace(0.2, 8.0, _SCALES)
    shapes, scales = (grid.ravel() for grid in np.meshgrid(shape, scale))
    shapes = np.where(np.abs(shapes) < 1e-6, 1e-6, shapes)
    inside = 1 + np.outer(shapes / scales, excess)
    possible = (inside > 0).all(axis=1)
    logs = np.log(np.where(inside > 0, inside, 1.0)).sum(axis=1)
    likely = -len(excess) * np.log(scales) - (1 + 1 / shapes) * logs
    likely = np.where(possible, likely, -np.inf)
    weights = np.exp(likely - likely.max())
    return shapes, scales, weights / weights.sum()
