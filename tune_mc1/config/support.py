"""Values that a parameter of a sweep can have."""

import json
import math
from typing import Any

from tune_mc1.config.distributions import Beta, Normal, Range
from tune_mc1.config.parameters import IntUniform, Parameter, WeightedCategorical, listed_values


def can_have(parameter: Parameter, value: Any) -> bool:
    """True if a search could give a parameter a value.

    Args:
        parameter: The parameter.
        value: The value, as a trial has it.
    """
    if isinstance(parameter, WeightedCategorical):
        chances = zip(parameter.values, parameter.probabilities, strict=True)
        return any(chance > 0 and _same(value, listed) for listed, chance in chances)
    if listed := listed_values(parameter):
        return any(_same(value, one) for one in listed)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if isinstance(parameter, IntUniform):
        return isinstance(value, int) and parameter.min <= value <= parameter.max
    return isinstance(parameter, Range | Normal | Beta) and _in_range(parameter, value)


def _in_range(parameter: Range | Normal | Beta, value: float) -> bool:
    if parameter.q is not None and not math.isclose(parameter.rounded(value), value, rel_tol=1e-9):
        return False
    if isinstance(parameter, Normal):
        return "log" not in parameter.distribution or value >= 0
    if isinstance(parameter, Beta):
        return 0 <= value <= 1 or parameter.q is not None
    if value == 0 and parameter.zero is not None:
        return True
    low, high = parameter.bounds if parameter.q is None else parameter.ends
    return low <= value <= high


def _same(one: Any, other: Any) -> bool:
    """Equality that keeps apart 1, true and "1", as a program gets them as they are."""
    numbers = [isinstance(v, int | float) and not isinstance(v, bool) for v in (one, other)]
    if any(numbers):
        return all(numbers) and bool(one == other)
    return json.dumps(one, sort_keys=True, default=str) == json.dumps(
        other, sort_keys=True, default=str
    )
