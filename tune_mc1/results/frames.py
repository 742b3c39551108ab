"""Tables of a result directory as data frames, also while its sweep runs."""

import json
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tune_mc1.results.any_columns import Columns
from tune_mc1.results.columns import columns_of
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.events import PROGRAM_FORMAT, TRAINING_FORMAT

Frames = tuple[pd.DataFrame, pd.DataFrame, dict[str, Any], Columns]
"""Trials, history, metadata of the sweep, columns."""


def read_tables(where: ResultDir) -> Frames:
    """Both tables of a result directory.

    Raises:
        InputError: If it is not a result directory, or cannot be read.
    """
    return _whole(where) or _merged(where)


def read_trials(where: ResultDir) -> pd.DataFrame:
    """The table of trials alone, without reading the history where the parquet files have all.

    Raises:
        InputError: As `read_tables`.
    """
    try:
        trials = pq.read_table(where.trials)
        footer = _footer(where, trials)
        _footer_of(where, pq.read_schema(where.history))
        columns = columns_of(footer["facts"])
        columns.add(n.removeprefix("last_") for n in trials.column_names if n.startswith("last_"))
        if trials.column_names == columns.trial_schema().names:
            frame: pd.DataFrame = trials.to_pandas()
            return frame
    except (OSError, pa.ArrowInvalid, KeyError, TypeError, ValueError):
        pass
    return read_tables(where)[0]


def _whole(where: ResultDir) -> Frames | None:
    """The parquet files alone, ten times as fast, if the journal has nothing newer."""
    try:
        trials, history = pq.read_table(where.trials), pq.read_table(where.history)
        footers = [_footer(where, table) for table in (trials, history)]
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


def _footer(where: ResultDir, table: pa.Table) -> dict[str, Any]:
    return _footer_of(where, table.schema)


def _footer_of(where: ResultDir, schema: pa.Schema) -> dict[str, Any]:
    """What a file says of itself; ValueError if the journal has more, or another version wrote it.

    Args:
        where: The result directory.
        schema: The file's schema.
    """
    footer: dict[str, Any] = json.loads(schema.metadata[b"tune_mc1"])
    form = PROGRAM_FORMAT if "program" in footer["facts"] else TRAINING_FORMAT
    size = where.journal.stat().st_size if where.journal.exists() else footer["offset"]
    if (footer["format"], footer["offset"]) != (form, size):
        raise ValueError("not up to date")
    return footer


def _merged(where: ResultDir) -> Frames:
    tables = where.read()
    columns = tables.columns
    trials = pd.DataFrame(tables.trials.values(), columns=columns.trial_schema().names)
    history = pd.DataFrame(tables.history.values(), columns=columns.history_schema().names)
    return trials, history, tables.metadata, columns
