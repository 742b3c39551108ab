"""Lists of numbers as values of trial parameters.

A trial keeps such a list as text, `0.9, 0.99`, so that it is a value like any other in columns,
tables and settings.
"""

import math
from collections.abc import Callable
from typing import Any

from pydantic import BeforeValidator

from tune_mc1.config.field_types import number_of


def number_list(rule: str, good: Callable[[list[float]], bool]) -> BeforeValidator:
    """Validator of a list of numbers, which may also be text with commas, or a single number.

    Args:
        rule: What the list must be, for messages.
        good: Whether the numbers obey it.
    """
    return BeforeValidator(lambda v: None if v is None else check_numbers(v, rule, good))


def check_numbers(value: Any, rule: str, good: Callable[[list[float]], bool]) -> str:
    """The text that a trial keeps of a list of numbers.

    Args:
        value: The list, text with commas, or a single number.
        rule: What it must be, for messages.
        good: Whether the numbers obey it.

    Raises:
        ValueError: If they do not.
    """
    parts = value.split(",") if isinstance(value, str) else value
    parts = parts if isinstance(parts, list | tuple) else [parts]
    try:
        numbers = [_number(part) for part in parts]
    except (TypeError, ValueError, OverflowError):
        raise ValueError(rule) from None
    if not numbers or not good(numbers):
        raise ValueError(rule)
    return ", ".join(f"{n:g}" if float(f"{n:g}") == n else repr(n) for n in numbers)


def _number(part: Any) -> float:
    if isinstance(part, bool):
        raise TypeError
    number = float(number_of(part))
    if not math.isfinite(number):
        raise ValueError
    return number


def numbers_in(text: str) -> tuple[float, ...]:
    """The numbers of a list that a trial keeps as text."""
    return tuple(float(part) for part in text.split(","))
