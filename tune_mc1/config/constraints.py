"""Constraints of a sweep: limits that a setting has to keep, such as `param_count <= 1e6`."""

import math
import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator

from tune_mc1.config.objective import known_metric

_FORM = re.compile(r"\s*(\S+)\s*(<=|>=)\s*(\S+)\s*")
_RULE = "must be `METRIC <= NUMBER` or `METRIC >= NUMBER`, such as `param_count <= 1e6`"


@dataclass(frozen=True)
class Constraint:
    """A limit of a metric.

    Attributes:
        name: The metric.
        upper: Whether the limit is the highest permitted value, rather than the lowest.
        limit: The limit.
    """

    name: str
    upper: bool
    limit: float

    def violation(self, value: float | None) -> float:
        """How far a value is beyond the limit, relative to it; at most 0 if it is permitted.

        A missing value, or one that is not finite, violates it.
        """
        if value is None or not math.isfinite(value):
            return 1.0
        beyond = value - self.limit if self.upper else self.limit - value
        return beyond / max(abs(self.limit), 1e-9)

    def __str__(self) -> str:
        return f"{self.name} {'<=' if self.upper else '>='} {self.limit:g}"


def read_constraint(text: str) -> Constraint:
    """Parses a constraint.

    Raises:
        ValueError: If it is not one; the message is the rule.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError(_RULE)
    name, sign, number = match.groups()
    try:
        limit = float(number)
    except ValueError:
        raise ValueError(f"{_RULE}; {number} is no number") from None
    if not math.isfinite(limit):
        raise ValueError(f"{_RULE}; {number} is not finite")
    return Constraint(name, sign == "<=", limit)


def _of_program(text: str) -> str:
    read_constraint(text)
    return text


def _of_training(text: str) -> str:
    known_metric(read_constraint(text).name)
    return text


ConstraintText = Annotated[str, AfterValidator(_of_training)]
"""A constraint on a metric of our own training."""

ProgramConstraintText = Annotated[str, AfterValidator(_of_program)]
"""A constraint on a metric that a program logs."""
