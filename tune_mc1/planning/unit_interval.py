"""Numbers between two bounds, as places in [0, 1] on the scale on which they are drawn."""

import math
from typing import TypeGuard

from tune_mc1.config.distributions import Range
from tune_mc1.config.parameters import IntUniform, Parameter

Bounded = Range | IntUniform


def has_bounds(parameter: Parameter) -> TypeGuard[Bounded]:
    """True if the values lie between two bounds that numbers can have."""
    if isinstance(parameter, IntUniform):
        return True
    if not isinstance(parameter, Range):
        return False
    low, high = parameter.bounds
    return math.isfinite(high - low) and low < high and (low > 0 or not _is_log(parameter))


def place_of(parameter: Bounded, value: float) -> float:
    """Where a value lies, from 0 to 1; a 0 below a logarithmic range counts as its lower end."""
    low, high = _bounds(parameter)
    at = min(max(value, low), high)
    if _is_log(parameter):
        return math.log(at / low) / math.log(high / low)
    return (at - low) / (high - low)


def value_at(parameter: Bounded, place: float) -> float:
    """The value at a place from 0 to 1, rounded as the distribution is."""
    low, high = _bounds(parameter)
    value = low * (high / low) ** place if _is_log(parameter) else low + place * (high - low)
    if isinstance(parameter, IntUniform):
        return round(float(value))
    first, last = parameter.ends
    return parameter.rounded(min(max(float(value), first), last))


def _is_log(parameter: Bounded) -> bool:
    return "log" in parameter.distribution


def _bounds(parameter: Bounded) -> tuple[float, float]:
    return parameter.ends if isinstance(parameter, IntUniform) else parameter.bounds
