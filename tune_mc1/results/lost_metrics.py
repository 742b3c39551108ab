"""Metrics of earlier epochs that nothing here computes any more."""

import pyarrow as pa
import pyarrow.parquet as pq

from tune_mc1.results.directory import ResultDir
from tune_mc1.results.journal import read_events
from tune_mc1.results.tables import SweepTables

_OF_IMAGES = ("train_", "val_")
"""Beginnings of the columns of metrics of every epoch."""


def lost_metrics(where: ResultDir, tables: SweepTables) -> list[str]:
    """Names of metrics that a sweep of our own training has recorded, but no part here computes.

    Their package is not installed; a resume would write tables without their columns.

    Args:
        where: The result directory.
        tables: Its tables.
    """
    if tables.of_program:
        return []
    known = {*tables.columns.history_schema().names, tables.metric}
    columns = (name for name in _recorded(where) if name.startswith(_OF_IMAGES))
    lost = (name.partition("_")[2] for name in columns if name not in known)
    return list(dict.fromkeys(lost))


def _recorded(where: ResultDir) -> list[str]:
    """Columns of the history, or fields of the journal's first epoch."""
    try:
        return list(pq.read_schema(where.history).names)
    except (OSError, pa.ArrowInvalid):
        events = (event for event, _ in read_events(where.journal, 0))
        return next(([*event] for event in events if event.get("event") == "epoch"), [])
