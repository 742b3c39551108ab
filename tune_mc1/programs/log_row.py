"""One log of a program: its scalar values by name, and what kind the others were."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

Kind = Literal["text", "null", "list", "media"]


class LogRow(NamedTuple):
    """One call of `log`, or of `tune_mc1.report`.

    Attributes:
        metrics: Scalars by name, `a.b` for those in a nested dict; booleans are 0 and 1.
        step: The program's step; None if it names none.
        runtime: Seconds since its run began.
        timestamp: Seconds since 1970.
    """

    metrics: dict[str, float]
    step: int | None = None
    runtime: float | None = None
    timestamp: float | None = None


def make_row(values: dict[str, float]) -> LogRow:
    """A row of all values of a log, of which `_step`, `_runtime` and `_timestamp` are W&B's."""
    step = values.pop("_step", None)
    runtime, timestamp = values.pop("_runtime", None), values.pop("_timestamp", None)
    return LogRow(values, None if step is None else int(step), runtime, timestamp)


def scalars(
    name: str, value: Any, left_out: dict[str, Kind] | None = None
) -> Iterator[tuple[str, float]]:
    """The scalars of a value, with their names.

    Args:
        name: Name of the value.
        value: A value as JSON has it; dicts are gone into.
        left_out: Gets the names and kinds of values that are no scalars.
    """
    kind: Kind | None = None
    if isinstance(value, bool | int | float):
        yield name, _as_float(value)
    elif isinstance(value, Mapping):
        if "_type" in value:
            kind = "media"
        else:
            for key, inner in value.items():
                yield from scalars(f"{name}.{key}", inner, left_out)
    elif isinstance(value, str):
        kind = "text"
    else:
        kind = "null" if value is None else "list"
    if kind and left_out is not None:
        left_out[name] = kind


def scalar_of_json(text: str) -> float | None:
    """The number that a JSON text is, much faster than the parser; None if it is none.

    Args:
        text: JSON with `NaN`, `Infinity` and `-Infinity`, as Python and W&B write it.
    """
    if text == "true":
        return 1.0
    if text == "false":
        return 0.0
    if text[:1] in _OTHER:
        return None
    return float(text)


_OTHER = frozenset(("", '"', "[", "{", "n"))


def value_of_json(text: str) -> Any:
    """Any value of a JSON text."""
    return json.loads(text) if text else None


def _as_float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:  # an integer beyond all floats
        return float("inf") if number > 0 else float("-inf")
