"""Trials grouped by a parameter: one group per value where these are few, else by quantiles."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tune_mc1.reporting.drawing.context import finite
from tune_mc1.reporting.drawing.style import colors, short
from tune_mc1.reporting.frames import SweepFrames, plain
from tune_mc1.reporting.words.catalogue import Say, number

MAX_VALUES = 8
"""A numeric parameter with more distinct values than this is cut into quantiles."""


@dataclass(frozen=True)
class Group:
    """Trials that have a value in common.

    Attributes:
        label: The value, or the interval, in words.
        value: The value, or both ends of the interval as a tuple.
        mask: The trials in it.
        color: Its colour.
    """

    label: str
    value: Any
    mask: NDArray[np.bool_]
    color: str


@dataclass(frozen=True)
class Grouping:
    """A parameter's groups.

    Attributes:
        parameter: Its name.
        groups: The groups, numbers in ascending order.
        ordered: Whether the values are numbers.
        quantiles: Whether the groups are intervals.
    """

    parameter: str
    groups: tuple[Group, ...]
    ordered: bool
    quantiles: bool


def numeric(column: "pd.Series[Any]") -> bool:
    """Whether a parameter is numeric: neither text nor a flag."""
    return bool(
        pd.api.types.is_numeric_dtype(column)
        and not pd.api.types.is_bool_dtype(column)
        and column.notna().any()
    )


def shown(value: Any, t: Say, frames: SweepFrames | None = None, name: str = "") -> str:
    """A parameter's value in words.

    Args:
        value: The value.
        t: Gives the text of a key.
        frames: The sweep, which tells what a missing value means.
        name: Column of the parameter.
    """
    value = plain(value)
    if value is None:
        lacked = frames is not None and frames.conditional(name)
        return t("inapplicable" if lacked else "none")
    if isinstance(value, bool):
        return t("yes") if value else t("no")
    return number(value) if isinstance(value, int | float) else str(value)


def levels(frames: SweepFrames, name: str) -> list[Any]:
    """The distinct values of a parameter, None first.

    Numbers and flags ascend; names are in the order of the sweep file, or as they occur.
    """
    column = frames.trials[name]
    values = [plain(v) for v in column.unique()]
    known = [v for v in values if v is not None]
    if numeric(column) or all(isinstance(v, bool) for v in known):
        known = sorted(known)
    else:
        declared = frames.declared_values(name)
        known.sort(key=lambda v: declared.index(v) if v in declared else len(declared))
    return ([None] if len(known) < len(values) else []) + known


def equals(column: "pd.Series[Any]", value: Any) -> NDArray[np.bool_]:
    """The rows that have a value: numbers agree to nine digits, None is a missing value."""
    if value is None:
        return np.asarray(column.isna())
    if isinstance(value, int | float) and not isinstance(value, bool) and numeric(column):
        numbers = column.to_numpy(float, na_value=np.nan)
        return np.asarray(np.isclose(numbers, value, rtol=1e-9, atol=0))
    return np.asarray([plain(v) == value for v in column], dtype=bool)


def grouping(frames: SweepFrames, parameter: str, t: Say) -> Grouping | None:
    """The groups of a parameter; None if there are fewer than two.

    Args:
        frames: The sweep.
        parameter: Name of a parameter.
        t: Gives the text of a key.
    """
    column = frames.trials[parameter]
    values = levels(frames, parameter)
    ordered = numeric(column)
    if ordered and len(values) > MAX_VALUES:
        return _quantiles(finite(column), parameter)
    if len(values) < 2 or (not ordered and len(values) > 12):
        return None
    tones = colors(len(values), ordered)
    groups = tuple(
        Group(short(shown(value, t, frames, parameter), 28), value, equals(column, value), tone)
        for value, tone in zip(values, tones, strict=True)
    )
    return Grouping(parameter, groups, ordered, quantiles=False)


def _quantiles(column: "pd.Series[float]", parameter: str) -> Grouping | None:
    """Up to four groups of equal size, with at least three trials each."""
    wanted = min(4, int(column.notna().sum()) // 3)
    if wanted < 2:
        return None
    codes = pd.qcut(column, wanted, labels=False, duplicates="drop").to_numpy(float)
    masks = [codes == code for code in range(wanted)]
    masks = [mask for mask in masks if mask.any()]
    if len(masks) < 2:
        return None
    tones = colors(len(masks), ordered=True)
    groups = []
    for mask, tone in zip(masks, tones, strict=True):
        low, high = float(column[mask].min()), float(column[mask].max())
        groups.append(Group(f"{number(low, 2)}–{number(high, 2)}", (low, high), mask, tone))
    return Grouping(parameter, tuple(groups), ordered=True, quantiles=True)
