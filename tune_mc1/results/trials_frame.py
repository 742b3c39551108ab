"""The table of trials as a data frame, read at once where the parquet file has everything.

Importing this module is cheap: the columns of a sweep, which take time to import, are only needed
where the journal has more than the files.
"""

import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow.parquet import ParquetFile

from tune_mc1.results.directory import ResultDir
from tune_mc1.results.events import PROGRAM_FORMAT, TRAINING_FORMAT

if TYPE_CHECKING:
    import pandas as pd


def read_trials(where: ResultDir) -> "pd.DataFrame":
    """The table of trials alone, without reading the history where the parquet files have all.

    Raises:
        InputError: If it is not a result directory, or cannot be read.
    """
    try:
        with ParquetFile(where.trials) as trials, ParquetFile(where.history) as history:
            up_to_date(where, trials.schema_arrow)
            up_to_date(where, history.schema_arrow)
            table = trials.read()
        with _no_collection():
            frame: pd.DataFrame = table.to_pandas()
        return frame
    except (OSError, pa.ArrowInvalid, KeyError, TypeError, ValueError):
        pass
    from tune_mc1.results.frames import read_tables

    return read_tables(where)[0]


def up_to_date(where: ResultDir, schema: pa.Schema) -> dict[str, Any]:
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


@contextmanager
def _no_collection() -> Iterator[None]:
    """Pauses the garbage collector, which takes an eighth of the import of pandas, for nothing."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
