"""Explored values: near a value that is good, or drawn anew, and always of the distribution."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tune_mc1.config.distributions import Beta, Normal, Range
from tune_mc1.config.parameters import (
    Categorical,
    IntUniform,
    Parameter,
    WeightedCategorical,
    listed_values,
)

if TYPE_CHECKING:
    import numpy as np

TAIL = 1e-3
"""Share of a distribution without ends on either side into which no value is moved."""


def explored(
    parameter: Parameter,
    value: Any,
    rng: "np.random.Generator",
    resample_probability: float,
    factors: Sequence[float],
) -> Any:
    """A value near another one, or one drawn anew.

    The rules are those of Ray Tune's `PopulationBasedTraining`: a number is multiplied by one of
    the factors, a listed value is replaced by a neighbour in the list. Unlike there, a number stays
    inside its distribution, and a whole one moves by at least one step.

    Args:
        parameter: The parameter.
        value: A value of it.
        rng: The generator.
        resample_probability: Probability with which the value is drawn anew.
        factors: Factors of numbers, all equally likely.
    """
    listed = _in_order(parameter)
    if rng.random() < resample_probability or (listed and value not in listed):
        return parameter.sample(rng)
    if listed:
        place = listed.index(value) + (1 if rng.random() < 0.5 else -1)
        return listed[min(max(place, 0), len(listed) - 1)]
    return _moved(parameter, value, factors[int(rng.integers(len(factors)))])


def _in_order(parameter: Parameter) -> list[Any]:
    """Listed values, numbers in ascending order; empty for a distribution."""
    listed = list(listed_values(parameter))
    if isinstance(parameter, Categorical) and parameter.ascending is not None:
        return [listed[place] for place in parameter.ascending]
    if isinstance(parameter, WeightedCategorical):
        shares = zip(listed, parameter.probabilities, strict=True)
        return [value for value, share in shares if share > 0]
    return listed


def _moved(parameter: Parameter, value: float, factor: float) -> float:
    """A number times a factor, inside its distribution."""
    if value == 0 or factor == 1:
        return value
    low, high = _ends(parameter)
    step = 1 if isinstance(parameter, IntUniform) else getattr(parameter, "q", None)
    moved = value * factor
    if step and abs(moved - value) < step:
        moved = value + math.copysign(step, moved - value)
    inside = min(max(moved, low), high)
    if isinstance(parameter, Range | Normal | Beta):
        return parameter.rounded(inside)
    return round(inside)


def _ends(parameter: Parameter) -> tuple[float, float]:
    if isinstance(parameter, Normal | Beta):
        return parameter.quantile(TAIL), parameter.quantile(1 - TAIL)
    ends = parameter.ends
    assert ends is not None, "every other distribution has ends"
    return ends
