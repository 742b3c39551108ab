"""Sweeps and trials as a notebook shows them: tables in HTML."""

from collections.abc import Sequence
from html import escape

from tune_mc1.api.display import Summary, line
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.states import Row
from tune_mc1.results.tables import SweepTables
from tune_mc1.terminal.fitting import Column
from tune_mc1.terminal.formatting import varied
from tune_mc1.terminal.ranked_tables import trial_columns
from tune_mc1.terminal.trial_details import (
    epoch_columns,
    known_reasons,
    trial_facts,
    trial_setting,
)

ROWS = 10
"""Most rows of a table: of a sweep's trials, or of a trial's epochs."""


def sweep_html(found: Summary, tables: SweepTables) -> str:
    """A summary of a sweep, and its best trials as a table."""
    rows = tables.ranked()
    left = len(rows) - ROWS
    more = f"<p>and {left} more trial{'s' if left > 1 else ''}</p>" if left > 0 else ""
    head = f"<p><b>{escape(found.name)}</b>: {escape(line(found))}</p>"
    return f"<div>{head}{table_of(trial_columns(tables, rows, ROWS))}{more}</div>"


def trial_html(where: ResultDir, tables: SweepTables, row: Row) -> str:
    """A trial: what became of it, its parameters, its last epochs.

    Those parameters come first in which the trials of the sweep differ.
    """
    trial: str = row["trial"]
    reason = known_reasons(where, tables, [trial], lambda _: None).get(trial)
    own = tables.columns.own_names
    apart = varied(tables.trials.values(), tables.columns.parameters)
    first = {own.get(name, name) for name in apart}
    setting = trial_setting(tables, row)
    varies = [pair for pair in setting if pair[0] in first]
    shared = [pair for pair in setting if pair[0] not in first]
    epochs = epoch_columns(tables, row)
    count = len(epochs[0].cells)
    left = count - ROWS
    before = f"<p>The last {ROWS} of {count} {epochs[0].heading}s:</p>" if left > 0 else ""
    head = f"<p><b>{escape(trial)}</b> of {escape(where.root.name)}</p>"
    facts = trial_facts(where, tables, row, reason)
    parts = [head, _pairs(facts), _pairs(varies), _folded(shared)]
    if count:
        parts += [before, table_of(epochs, max(left, 0))]
    return f"<div>{''.join(parts)}</div>"


def table_of(columns: Sequence[Column], first: int = 0) -> str:
    """Columns as a table.

    Args:
        columns: The columns.
        first: The row with which it begins.
    """
    heads = "".join(f"<th>{escape(column.heading)}</th>" for column in columns)
    rows = zip(*(column.cells[first:] for column in columns), strict=True)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>" for cells in rows
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


def _pairs(pairs: Sequence[tuple[str, str]]) -> str:
    lines = (f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in pairs)
    return f"<table><tbody>{''.join(lines)}</tbody></table>" if pairs else ""


def _folded(shared: Sequence[tuple[str, str]]) -> str:
    """Parameters that a click shows."""
    if not shared:
        return ""
    number = "1 parameter" if len(shared) == 1 else f"{len(shared)} parameters"
    return f"<details><summary>{number} of all trials</summary>{_pairs(shared)}</details>"
