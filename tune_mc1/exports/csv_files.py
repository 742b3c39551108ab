"""Results as CSV files: trials, history and settings, with the columns of the parquet files."""

from pathlib import Path

import pyarrow as pa
from pyarrow import csv

from tune_mc1.files import replacing
from tune_mc1.results.settings import settings_table
from tune_mc1.tracking.trial_runs import Source


def write(source: Source, output: str) -> None:
    """Writes `trials.csv`, `history.csv` and `settings.csv`; a missing value is an empty cell."""
    tables, folder = source.tables, Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in (
        ("trials", pa.Table.from_pylist([*tables.trials.values()], tables.columns.trial_schema())),
        (
            "history",
            pa.Table.from_pylist([*tables.history.values()], tables.columns.history_schema()),
        ),
        ("settings", settings_table(tables)),
    ):
        with replacing(folder / f"{name}.csv") as aside:
            csv.write_csv(table, aside)
