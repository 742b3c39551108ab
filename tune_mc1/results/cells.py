"""Cells of parameters of any kind: types of their columns, and values to and from them."""

import json
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tune_mc1.config.parameters import IntUniform, Parameter, listed_values
from tune_mc1.config.space import source_of

if TYPE_CHECKING:
    from tune_mc1.config.sweep import Sweep

_OURS = ("best_", "last_", "test_")
TYPES = {"bool": pa.bool_(), "int": pa.int64(), "float": pa.float64()} | dict.fromkeys(
    ("text", "json"), pa.string()
)
"""Type of a column by its kind."""


def column_names(names: Iterable[str], taken: Collection[str]) -> dict[str, str]:
    """Column of each parameter, with a prefix where the results have a column of its name."""
    return {n: f"param.{n}" if n in taken or n.startswith(_OURS) else n for n in names}


def argument_kinds(sweep: "Sweep") -> dict[str, str]:
    """Kind of the column of each parameter of a network's own."""
    return {name: kind_of(typical_values(name, sweep.parameters)) for name in sweep.argument_names}


def typical_values(name: str, parameters: Mapping[str, Parameter]) -> Sequence[Any] | None:
    """Values that have the types of all that a parameter can have, for `kind_of`."""
    parameter = source_of(name, parameters)
    if isinstance(parameter, IntUniform):
        return [parameter.min, parameter.max]
    if type(quantum := getattr(parameter, "q", None)) is int:  # its values are integers too
        ends = getattr(parameter, "bounds", ())
        return [quantum, *(int(end) if math.isfinite(end) else 2**63 for end in ends)]
    return listed_values(parameter) or getattr(parameter, "values", None)


def kind_of(values: Sequence[Any] | None) -> str:
    """Kind of a column: `bool`, `int`, `float`, `text` or `json`, by its values.

    Args:
        values: All values; None for a distribution of real numbers.
    """
    if values is None:
        return "float"
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {bool}:
        return "bool"
    if kinds == {int} and all(abs(value) < 2**63 for value in values if value is not None):
        return "int"
    if kinds <= {int, float}:
        return "float"
    return "text" if kinds == {str} else "json"


def merged_kinds(before: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """Kinds of the columns of parameters with the values of two sweeps, by name."""
    both = {**before, **now}
    for name, kind in before.items():
        kinds = {kind, both[name]}
        if len(kinds) > 1:
            both[name] = "float" if kinds == {"int", "float"} else "json"
    return both


def cell(value: Any, kind: str) -> Any:
    """A value as it stands in a column of its kind: lists and dicts, and mixed types, as JSON."""
    if value is None or kind == "text":
        return value
    if kind == "json":
        return json.dumps(value, sort_keys=True)
    if kind == "float":
        return float(value) if math.isfinite(float(value)) else None
    return value


def value_of(cell: Any, kind: str) -> Any:
    """The value of a cell of a column of its kind."""
    return json.loads(cell) if kind == "json" and cell is not None else cell
