"""Tables of page and slides: cells of text, each with its sort key."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Key = float | str


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        text: The text shown.
        key: Its sort key.
    """

    text: str
    key: Key


@dataclass(frozen=True)
class TableView:
    """A table with a heading.

    Attributes:
        title: The heading.
        columns: Headings of the columns.
        rows: The cells of each row.
        note: A line below; empty for none.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""

    def numeric(self, column: int) -> bool:
        """Whether a column holds numbers, which are aligned to the right."""
        return all(not isinstance(row[column].key, str) for row in self.rows)


def missing(value: Any) -> bool:
    """Whether there is no value: None or NaN."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def cell(value: Any, digits: int | None = None) -> Cell:
    """A value as a cell; a missing one is a dash, which sorts last.

    Args:
        value: A number, a text, a flag, or None.
        digits: Decimals of a number; None shows four significant digits.
    """
    if missing(value):
        return Cell("–", math.inf)
    if isinstance(value, bool):
        return Cell(str(value).lower(), float(value))
    if isinstance(value, int | float):
        if digits is not None:
            return Cell(fixed(value, digits), float(value))
        text = f"{value:.4g}" if isinstance(value, float) else str(value)
        return Cell(minus(text), float(value))
    if hasattr(value, "item"):
        return cell(value.item(), digits)
    return Cell(str(value), str(value))


def interval_cell(low: float | None, high: float | None, digits: int = 3) -> Cell:
    """Both ends of an interval, sorted by the lower one."""
    if low is None or high is None or missing(low) or missing(high):
        return Cell("–", math.inf)
    return Cell(f"{fixed(low, digits)} … {fixed(high, digits)}", low)


def counted(value: Any) -> str:
    """A number of images, with narrow blanks between thousands; unknown is `?`."""
    return "?" if missing(value) else f"{value:,}".replace(",", "\u202f")


def p_cell(value: float) -> Cell:
    """A p value, to three decimals; a smaller one is `< 0.001`."""
    return Cell("< 0.001", value) if value < 0.0005 else cell(value, 3)


def fixed(value: float, digits: int) -> str:
    """A number with so many decimals, and a minus sign instead of a hyphen."""
    return minus(f"{value:.{digits}f}")


def minus(number: str) -> str:
    """A number as text, with a minus sign instead of a hyphen before it."""
    return number.replace("-", "−", 1) if number.startswith("-") else number
