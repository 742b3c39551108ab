"""What a sweep may cost: the key `budget` of a sweep file."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from tune_mc1.config.field_types import Float, Int
from tune_mc1.errors import did_you_mean

_UNITS = {"d": 86_400.0, "h": 3600.0, "m": 60.0, "min": 60.0, "s": 1.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(d|h|min|m|s)")
_RULE = "must be a duration such as 2h, 90m or 1h30m, or a number of seconds"


def seconds_of(value: Any) -> Any:
    """A duration in seconds; other values as they are.

    Args:
        value: A text such as `1h30m`, or a number of seconds.

    Raises:
        ValueError: If it is another text.
    """
    if not isinstance(value, str):
        return value
    text = value.strip().lower()
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    if not re.fullmatch(rf"(?:{_PART.pattern}\s*)+", text):
        raise ValueError(_RULE)
    return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))


class Budget(BaseModel):
    """Limits of a sweep, over all times that it runs.

    Attributes:
        time: Seconds for which it runs, from the start of its first trial to the end of its last;
            the time between two runs does not count.
        epochs: Epochs of all its trials together; a program's iterations.
        cost: Cost of the time that it runs, in the currency of `price`.
        price: Price of an hour, of all machines together.
        min_gain: Least gain of the metric that another trial must promise for the sweep to go on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    time: Annotated[Float, BeforeValidator(seconds_of)] | None = Field(default=None, gt=0)
    epochs: Int | None = Field(default=None, ge=1)
    cost: Float | None = Field(default=None, gt=0)
    price: Float | None = Field(default=None, gt=0)
    min_gain: Float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _has_price(self) -> Self:
        if (self.cost is None) != (self.price is None):
            given, other = ("cost", "price") if self.price is None else ("price", "cost")
            raise ValueError(f"{given} requires {other} too (price is that of an hour)")
        return self

    @property
    def limits(self) -> Mapping[str, float]:
        """The limits that are set, by name, without the price."""
        names = ("time", "epochs", "cost", "min_gain")
        return {n: value for n in names if (value := getattr(self, n)) is not None}


def read_budget(text: str, before: Budget | None) -> dict[str, Any] | None:
    """The content of a budget as the flag `--budget` gives it.

    Args:
        text: Items `name=value`, joined by commas; `none` as a value removes a limit, and alone
            the whole budget.
        before: The sweep file's budget, whose other limits stay.

    Returns:
        The content, to be validated; None for no budget.

    Raises:
        ValueError: If an item has no known name, or that of another one.
    """
    if text.strip().lower() == "none":
        return None
    content = before.model_dump(exclude_none=True) if before is not None else {}
    given: set[str] = set()
    for item in text.split(","):
        name, equals, value = (part.strip() for part in item.partition("="))
        if not equals or name not in Budget.model_fields:
            known = list(Budget.model_fields)
            hint = did_you_mean(name, known)
            raise ValueError(f"must be items name=value of {', '.join(known)}{hint}, got {item!r}")
        if name in given:
            raise ValueError(f"must name {name} once, got {text!r}")
        given.add(name)
        if value.lower() == "none":
            content.pop(name, None)
        else:
            content[name] = value
    return content or None
