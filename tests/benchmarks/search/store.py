"""Finished runs: one parquet file for each task, method and number of workers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray


@dataclass(frozen=True)
class Piece:
    """Runs of one method on one task.

    Attributes:
        task: Name of the task.
        method: Key in `METHODS`.
        workers: Trials at once.
    """

    task: str
    method: str
    workers: int

    def path(self, folder: Path) -> Path:
        """The file of its runs."""
        task = self.task.replace(", ", "-").replace(" ", "-")
        return folder / f"{task}__{self.method}__{self.workers}.parquet"


def read_runs(piece: Piece, folder: Path) -> dict[int, NDArray[np.float32]]:
    """Regret after each epoch (epochs,) by seed; empty if there are no runs."""
    path = piece.path(folder)
    if not path.exists():
        return {}
    rows = pq.read_table(path).to_pylist()
    return {row["seed"]: np.array(row["regret"], dtype=np.float32) for row in rows}


def write_runs(piece: Piece, folder: Path, runs: dict[int, NDArray[np.float32]]) -> None:
    """Replaces the file of its runs."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [{"seed": seed, "regret": regret} for seed, regret in sorted(runs.items())]
    schema = pa.schema({"seed": pa.int32(), "regret": pa.list_(pa.float32())})
    aside = piece.path(folder).with_suffix(".part")
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), aside, compression="zstd")
    aside.replace(piece.path(folder))


def stacked(runs: dict[int, NDArray[np.float32]], seeds: Sequence[int]) -> NDArray[np.float32]:
    """Runs of some seeds as one array (seeds, epochs)."""
    return np.stack([runs[seed] for seed in seeds])
