"""Parameters of a sweep file: listed values, or one of W&B's distributions.

The valid combinations of keys and the distributions that they imply follow W&B's schema.
"""

import json
import math
from bisect import bisect
from collections.abc import Iterable
from itertools import accumulate
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from tune_mc1.config.distributions import Beta, Distribution, Normal, Range
from tune_mc1.config.field_types import Float, Int

if TYPE_CHECKING:
    import numpy as np


TOLERANCE = 1e-5 + 1e-8
"""Maximum difference of a sum of probabilities from 1, as in W&B (`numpy.isclose`)."""


class Constant(Distribution):
    """One value for all trials."""

    distribution: Literal["constant"] = "constant"
    value: Any

    def sample(self, rng: "np.random.Generator") -> Any:
        """The value."""
        return self.value

    @property
    def grid_size(self) -> int:
        """One."""
        return 1

    def grid_value(self, index: int) -> Any:
        """The value."""
        return self.value


class Categorical(Distribution):
    """Listed values, all equally likely.

    Attributes:
        ordinal: Whether they are listed in an order that means something, such as small, medium,
            large: a search that learns then knows which are close, and reports show them so.
    """

    distribution: Literal["categorical"] = "categorical"
    values: tuple[Any, ...] = Field(min_length=1)
    ordinal: bool = False

    @property
    def ascending(self) -> list[int] | None:
        """Positions of three or more listed numbers in ascending order; None for other values.

        A search that learns takes such numbers as ordered.
        """
        if len(self.values) < 3 or not all(type(v) in (int, float) for v in self.values):
            return None
        return sorted(range(len(self.values)), key=lambda i: self.values[i])

    def sample(self, rng: "np.random.Generator") -> Any:
        """One of the values."""
        return self.values[int(rng.integers(len(self.values)))]

    @property
    def grid_size(self) -> int:
        """Number of values."""
        return len(self.values)

    def grid_value(self, index: int) -> Any:
        """The value listed at `index`."""
        return self.values[index]


class WeightedCategorical(Distribution):
    """Listed values, each with its probability. Not valid in a grid, as in W&B.

    Attributes:
        ordinal: As in `Categorical`.
    """

    distribution: Literal["categorical_w_probabilities"]
    values: tuple[Any, ...] = Field(min_length=1)
    probabilities: tuple[Annotated[Float, Field(ge=0, le=1)], ...] = Field(min_length=1)
    ordinal: bool = False

    @model_validator(mode="after")
    def _one_each(self) -> Self:
        if len(self.probabilities) != len(self.values):
            raise ValueError(
                f"probabilities must have the same length as values ({len(self.values)}), "
                f"got {len(self.probabilities)}"
            )
        total = math.fsum(self.probabilities)
        if not math.isclose(total, 1, rel_tol=0, abs_tol=TOLERANCE):
            raise ValueError(f"probabilities must sum to 1, got {total:g}")
        return self

    def sample(self, rng: "np.random.Generator") -> Any:
        """One of the values, drawn according to the probabilities."""
        total = math.fsum(self.probabilities)
        weights = [p / total for p in self.probabilities]
        return self.values[int(rng.choice(len(self.values), p=weights))]

    def quantile(self, p: float) -> Any:
        """The value in whose share of (0, 1) `p` lies, in the order in which they are listed."""
        shares = list(accumulate(self.probabilities))
        index = bisect(shares, p * shares[-1])
        possible = [i for i, share in enumerate(self.probabilities) if share > 0]
        return self.values[min(index, possible[-1])]


class IntUniform(Distribution):
    """Integers from min to max, inclusive."""

    distribution: Literal["int_uniform"]
    min: Int
    max: Int

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min >= self.max:
            raise ValueError(f"min must be less than max ({self.max}), got {self.min}")
        return self

    def sample(self, rng: "np.random.Generator") -> int:
        """An integer in [min, max]."""
        return int(rng.integers(self.min, self.max, endpoint=True))

    @property
    def grid_size(self) -> int:
        """Number of integers in [min, max]."""
        return self.max - self.min + 1

    def grid_value(self, index: int) -> int:
        """The integer at `index`, ascending."""
        return self.min + index

    @property
    def ends(self) -> tuple[float, float]:
        """Min and max."""
        return self.min, self.max


class SameAs(Distribution):
    """The value of another parameter.

    Attributes:
        same_as: Its name.
    """

    distribution: Literal["same_as"] = "same_as"
    same_as: str

    def sample(self, rng: "np.random.Generator") -> Any:
        """Nothing of its own: `Space` gives it the other's value."""
        return None

    @property
    def grid_size(self) -> int:
        """One: it adds no settings."""
        return 1

    def grid_value(self, index: int) -> Any:
        """As in `sample`."""
        return None


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _infer(data: Any) -> Any:
    """Adds the distribution that W&B infers from the keys."""
    if not isinstance(data, dict) or "distribution" in data:
        return data
    if "value" in data:
        kind = "constant"
    elif "same_as" in data:
        kind = "same_as"
    elif "values" in data:
        kind = "categorical_w_probabilities" if "probabilities" in data else "categorical"
    elif "min" in data or "max" in data:
        whole = all(_whole(data[key]) for key in ("min", "max") if key in data)
        kind = "int_uniform" if whole else "uniform"
    else:
        return data
    return {"distribution": kind, **data}


Parameter = Annotated[
    Annotated[
        Constant | Categorical | WeightedCategorical | IntUniform | Range | Normal | Beta | SameAs,
        Field(discriminator="distribution"),
    ],
    BeforeValidator(_infer),
]
"""A parameter of a sweep file: its distribution, given or inferred from its keys."""


def with_value(parameter: Constant, value: Any) -> Constant:
    """The same parameter with another value."""
    return parameter.model_copy(update={"value": value})


def distinct(values: Iterable[Any]) -> list[Any]:
    """Values without repeats; 1, 1.0 and true differ, as a program gets them as they are."""
    return list({json.dumps(v, sort_keys=True, default=str): v for v in values}.values())


def repeat_notices(where: str, raw: Any, parameter: Parameter | None) -> list[str]:
    """The notice that values of a parameter were listed twice, if any were.

    Args:
        where: Its place in the file.
        raw: Its mapping in the file.
        parameter: What became of it.
    """
    if not isinstance(parameter, Categorical) or len(parameter.values) == len(raw["values"]):
        return []
    return [f"{where}: values that are listed twice are used once, as in W&B"]


def listed_values(parameter: Parameter | None) -> tuple[Any, ...]:
    """Values that a parameter lists; empty for a distribution, and without a parameter."""
    if isinstance(parameter, Constant):
        return (parameter.value,)
    if isinstance(parameter, Categorical | WeightedCategorical):
        return parameter.values
    return ()


def largest(parameter: Parameter) -> int:
    """The largest whole number that a parameter can be; 100,000 if it has no end."""
    if isinstance(parameter, IntUniform | Range) and parameter.ends is not None:
        return math.floor(parameter.ends[1])
    return int(max(listed_values(parameter), default=100_000))
