"""Packs the curves of sweeps: `python -m tests.benchmarks.search.record DIR...`.

Writes `docs/search-curves.parquet`, or another file.

Every completed trial becomes a row: its setting as JSON, its metric after each epoch, and its mean
seconds an epoch. The search spaces stand in the file's metadata.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from tune_mc1.results.directory import ResultDir

CURVES = Path(__file__).parents[3] / "docs" / "search-curves.parquet"


def main() -> None:
    """Reads result directories and writes the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directories", nargs="+", type=Path, help="result directories of sweeps")
    parser.add_argument("--to", type=Path, default=CURVES, help=f"file to write ({CURVES.name})")
    words = parser.parse_args()
    table = pack(words.directories)
    pq.write_table(table, words.to, compression="zstd")
    print(f"{words.to}: {table.num_rows} settings, {words.to.stat().st_size / 1e3:.0f} kB")


def pack(directories: list[Path]) -> pa.Table:
    """The curves of all trials of some sweeps that ran all their epochs."""
    rows: list[dict[str, Any]] = []
    spaces: dict[str, Any] = {}
    for directory in directories:
        sweep = yaml.safe_load((directory / "sweep.yaml").read_text())
        parameters = {n: p for n, p in sweep["parameters"].items() if "value" not in p}
        spaces[sweep["name"]] = parameters
        rows += _rows(directory, sweep["name"], list(parameters))
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    return table.replace_schema_metadata({"spaces": json.dumps(spaces)})


SCHEMA = pa.schema(
    {
        "sweep": pa.string(),
        "setting": pa.string(),
        "seconds": pa.float32(),
        "curve": pa.list_(pa.float32()),
    }
)


def _rows(directory: Path, name: str, parameters: list[str]) -> list[dict[str, Any]]:
    tables = ResultDir(directory).read()
    rows = []
    for trial, row in tables.trials.items():
        if row["epochs_run"] < row["epochs"]:
            continue
        epochs = [tables.history[trial, epoch] for epoch in range(1, row["epochs"] + 1)]
        values = [_score(one.get(tables.metric), tables.maximize) for one in epochs]
        setting = {key: row[key] for key in parameters}
        rows.append(
            {
                "sweep": name,
                "setting": json.dumps(setting),
                "seconds": sum(one["seconds"] for one in epochs) / len(epochs),
                "curve": values,
            }
        )
    return rows


def _score(value: float | None, maximize: bool) -> float:
    """The metric, higher is better; nothing counts as 0, which accuracy never goes below."""
    if value is None:
        return 0.0
    return value if maximize else -value


if __name__ == "__main__":
    main()
