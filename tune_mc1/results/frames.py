"""Tables of a result directory as data frames, also while its sweep runs."""

from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tune_mc1.results.any_columns import Columns
from tune_mc1.results.columns import columns_of
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.trials_frame import up_to_date

Frames = tuple[pd.DataFrame, pd.DataFrame, dict[str, Any], Columns]
"""Trials, history, metadata of the sweep, columns."""


def read_tables(where: ResultDir) -> Frames:
    """Both tables of a result directory.

    Raises:
        InputError: If it is not a result directory, or cannot be read.
    """
    return _whole(where) or _merged(where)


def _whole(where: ResultDir) -> Frames | None:
    """The parquet files alone, ten times as fast, if the journal has nothing newer."""
    try:
        trials, history = pq.read_table(where.trials), pq.read_table(where.history)
        footers = [up_to_date(where, table.schema) for table in (trials, history)]
        facts = footers[0]["facts"]
        columns = columns_of(facts)
    except (OSError, pa.ArrowInvalid, KeyError, TypeError, ValueError):
        return None
    columns.add(history.column_names)
    columns.add(n.removeprefix("last_") for n in trials.column_names if n.startswith("last_"))
    schemas = (columns.trial_schema().names, columns.history_schema().names)
    if (trials.column_names, history.column_names) != schemas:
        return None
    return trials.to_pandas(), history.to_pandas(), facts, columns


def _merged(where: ResultDir) -> Frames:
    tables = where.read()
    columns = tables.columns
    trials = pd.DataFrame(tables.trials.values(), columns=columns.trial_schema().names)
    history = pd.DataFrame(tables.history.values(), columns=columns.history_schema().names)
    return trials, history, tables.metadata, columns
