"""Tables of a program's trials and settings, whose parameters and metric have any names."""

from collections.abc import Collection, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from tune_mc1.results.schema import Row
from tune_mc1.results.settings import Setting
from tune_mc1.results.tables import SweepTables
from tune_mc1.terminal.formatting import (
    STATE_STYLES,
    duration,
    losses_columns,
    metric_text,
    rank_text,
    show,
    summary_text,
    trials_text,
    varied,
    wrapped,
)

WIDEST_HEAD, WIDEST_CELL = 18, 24
"""Letters of a heading in a line, and of a value."""
MOST_METRICS = 3
"""Metrics that are shown of a sweep that has none of its own."""

Column = tuple[str, list[str]]
"""Heading and cells."""


def program_table(
    tables: SweepTables, rows: Sequence[Row], limit: int | None, width: int
) -> tuple[Table, list[str]]:
    """Table of trials, in the given order.

    Args:
        tables: Tables of the sweep.
        rows: Rows of its trials.
        limit: Maximum number of rows; None shows all.
        width: Letters that a line can have.

    Returns:
        The table, and the names of parameters for which it has no room.
    """
    names = varied(rows, tables.columns.parameters)
    own, shown = tables.columns.own_names, rows[:limit]
    parameters = [(own.get(n, n), [show(row[n]) for row in shown]) for n in names]
    before = [
        ("#", [str(i + 1) for i in range(len(shown))]),
        ("trial", [r["trial"] for r in shown]),
    ]
    after = [
        *_scores(tables, shown),
        ("state", [row["state"] for row in shown]),
        ("time", [duration(tables.running.of(row)) for row in shown]),
    ]
    return _fitting(before, parameters, after, width)


def program_settings(
    tables: SweepTables,
    settings: Sequence[Setting],
    limit: int | None,
    width: int,
    tied: Collection[str] = (),
) -> tuple[Table, list[str]]:
    """Table of settings, in the given order; see `program_table` and `settings_ranking`."""
    names = varied([s.rows[0] for s in settings], tables.columns.parameters)
    own, shown = tables.columns.own_names, settings[:limit]
    columns = [(own.get(n, n), [show(s.rows[0][n]) for s in shown]) for n in names if n != "seed"]
    scores = [summary_text(s.score, of_program=True) for s in shown]
    spreads = [metric_text(s.score.sd, of_program=True) for s in shown]
    after = [
        (f"best {_metric(tables)}, 95 %", scores),
        ("sd", spreads),
        ("trials", [trials_text(setting) for setting in shown]),
        *losses_columns(shown).items(),
    ]
    ranks = [rank_text(rank, setting.rows[0], tied) for rank, setting in enumerate(shown, 1)]
    return _fitting([("#", ranks)], columns, after, width)


def _metric(tables: SweepTables) -> str:
    return str(tables.metadata["metric"])


def _scores(tables: SweepTables, rows: Sequence[Row]) -> list[Column]:
    """Best value and its iteration; the last value of some metrics if the sweep has none."""
    if not tables.metric:
        names = list(tables.columns.metrics(""))[:MOST_METRICS]
        last = [(f"last {n}", [_number(row.get(f"last_{n}")) for row in rows]) for n in names]
        return [*last, ("logs", [str(row["epochs_run"]) for row in rows])]
    best = [_number(row.get(f"best_{tables.metric}")) for row in rows]
    at = [f"{row['best_epoch'] or '-'}/{row['epochs_run']}" for row in rows]
    return [(f"best {_metric(tables)}", best), ("at iteration", at)]


def _number(value: float | None) -> str:
    return metric_text(value, of_program=True)


def _fitting(
    before: list[Column], parameters: list[Column], after: list[Column], width: int
) -> tuple[Table, list[str]]:
    """A table of as many parameters as there is room for, and the names of the others."""
    room = width - sum(map(_width, (*before, *after)))
    kept: list[Column] = []
    left_out: list[str] = []
    for column in parameters:
        if room >= _width(column):
            room -= _width(column)
            kept.append(column)
        else:
            left_out.append(column[0])
    table = Table(box=None, pad_edge=False, header_style="bold")
    columns = [*before, *kept, *after]
    for place, (heading, _) in enumerate(columns):
        side: Any = "left" if place == 1 and len(before) > 1 else "right"
        table.add_column(Text("\n".join(wrapped(heading, WIDEST_HEAD))), justify=side, no_wrap=True)
    for cells in zip(*(cells for _, cells in columns), strict=True):
        table.add_row(*(_cell(cell, h) for cell, (h, _) in zip(cells, columns, strict=True)))
    return table, left_out


def _cell(text: str, heading: str) -> Text:
    return Text(_cut(text), style=STATE_STYLES.get(text, "") if heading == "state" else "")


def _cut(text: str) -> str:
    return text if len(text) <= WIDEST_CELL else f"{text[: WIDEST_CELL - 1]}…"


def _width(column: Column) -> int:
    """Letters of a column, with the gap to the next."""
    heading, cells = column
    return 2 + max(len(text) for text in (*wrapped(heading, WIDEST_HEAD), *map(_cut, cells)))
