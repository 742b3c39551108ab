"""Tables that fit the terminal: columns for which there is no room go, and no letter is cut."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from tune_mc1.terminal.formatting import STATE_STYLES, parts, wrapped

HEADS = (18, 14, 10)
"""Letters of a heading in a line, the most for which there is room."""

GAP = 2
"""Blanks between two columns."""


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        heading: Its heading, which may take several lines.
        cells: Its cells, from the first row to the last.
        rank: Columns of a higher rank go first, and of those the last; those of rank 0 stay.
        left: Whether it is aligned to the left.
    """

    heading: str
    cells: Sequence[str]
    rank: int = 0
    left: bool = False


@dataclass(frozen=True)
class Fitted:
    """A table that fits.

    Attributes:
        text: Its lines.
        left_out: Headings of the columns for which there is no room.
    """

    text: Text
    left_out: Sequence[str]


def fitted(columns: Sequence[Column], width: int) -> Fitted:
    """A table of as many of the columns as there is room for, none of them cut.

    Args:
        columns: The columns, all with the same number of cells.
        width: Letters that a line can have. If not even the columns of rank 0 have room, lines are
            longer.
    """
    kept, narrow = list(columns), HEADS[-1]
    while _total(kept, narrow) > width and (rank := max(c.rank for c in kept)):
        last = max(place for place, column in enumerate(kept) if column.rank == rank)
        del kept[last]
    room = width - _total(kept, narrow)
    for column in columns:  # a narrow column may have room where a wide one has not
        if column not in kept and (need := GAP + _width(column, narrow)) <= room:
            kept.append(column)
            room -= need
    kept = [column for column in columns if column in kept]
    left_out = [column.heading for column in columns if column not in kept]
    head = next((n for n in HEADS if _total(kept, n) <= width), narrow)
    return Fitted(_lines(kept, head), left_out)


def print_fitted(columns: Sequence[Column], console: Console, more: str) -> None:
    """Prints a table that fits the console, and which columns it has no room for.

    Args:
        columns: The columns.
        console: Where to print.
        more: What shows the other columns too, such as `show --json`.
    """
    table = fitted(columns, console.width)
    console.print(table.text, soft_wrap=True, highlight=False)
    if table.left_out:
        names = ", ".join(table.left_out)
        text = f"No room for: {names} (a wider terminal, or {more})"
        console.print(text, highlight=False, markup=False, soft_wrap=True)


def _total(columns: Sequence[Column], head: int) -> int:
    return sum(_width(column, head) for column in columns) + GAP * (len(columns) - 1)


def _width(column: Column, head: int) -> int:
    return max(map(cell_len, (*_heading(column, head), *column.cells)))


def _heading(column: Column, head: int) -> list[str]:
    """Lines of a heading, which may be as wide as the cells."""
    word = min(max(map(len, parts(column.heading)), default=0), HEADS[0])  # stays whole
    return wrapped(column.heading, max(head, word, *map(cell_len, column.cells)))


def _lines(columns: Sequence[Column], head: int) -> Text:
    """The lines of the headings, whose last ones stand in one row, and those of the cells."""
    heads = [_heading(column, head) for column in columns]
    height = max(map(len, heads))
    widths = [_width(column, head) for column in columns]
    padded = [[""] * (height - len(lines)) + lines for lines in heads]
    above = [_line(columns, widths, row, "bold") for row in zip(*padded, strict=True)]
    cells = zip(*(column.cells for column in columns), strict=True)
    text = Text("\n").join([*above, *(_line(columns, widths, row) for row in cells)])
    text.no_wrap, text.overflow = True, "ignore"
    return text


def _line(
    columns: Sequence[Column], widths: Sequence[int], cells: Sequence[str], style: str = ""
) -> Text:
    line = Text()
    for place, (column, width, cell) in enumerate(zip(columns, widths, cells, strict=True)):
        blank = " " * (width - cell_len(cell))
        own = style or (STATE_STYLES.get(cell, "") if column.heading == "state" else "")
        line.append(" " * GAP if place else "")
        line.append("" if column.left else blank)
        line.append(cell, own)
        line.append(blank if column.left else "")
    line.rstrip()
    return line
