"""Whatever reads the parquet files of several sweeps finds the same best trial, and no NaN."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tests.support.figure_sweeps import GRID, write_sweep
from tests.support.program_sweeps import write_program_sweep
from tune_mc1.results.directory import ResultDir

PROGRAM = """
program: train.py
method: grid
metric: {{name: val_acc, goal: maximize}}
parameters: {{width: {{values: {widths}}}, seed: {{values: [0, 1]}}}}
"""
WIDTHS = {"whole": [8, 16], "real": [0.5, 16], "mixed": [8, "wide"]}


def logged(values: Mapping[str, Any], trial: int, iteration: int) -> dict[str, float]:
    """Whole numbers, real ones, and what no program should log."""
    if trial == 2:
        return {"val_acc": math.nan, "loss": math.inf}
    return {"val_acc": trial % 2 if iteration == 1 else 0.1 * trial, "loss": iteration}


@pytest.fixture(scope="module")
def sweeps(tmp_path_factory: pytest.TempPathFactory) -> list[ResultDir]:
    """Three of programs and two of our own training, in each of which a trial diverged."""
    root = tmp_path_factory.mktemp("sweeps")
    found = []
    for name, widths in WIDTHS.items():
        text = PROGRAM.format(widths=widths)
        states = {"t0002": "diverged"}
        found.append(write_program_sweep(root / name, text, logged, iterations=3, states=states))

    def diverges(trial: Any, epoch: int, row: Any) -> Any:
        if trial.id != "t0002" or epoch < 2:
            return row
        return {name: math.nan if "loss" in name or "acc" in name else v for name, v in row.items()}

    text = f"{GRID}\n"
    for name in ("one", "two"):
        write_sweep(root / name, text, change=diverges)
        found.append(ResultDir(root / name))
    return found


def files(sweeps: list[ResultDir], kind: str) -> list[Path]:
    return [getattr(where, kind) for where in sweeps]


@pytest.mark.parametrize("kind", ["trials", "history", "settings"])
def test_nothing_is_nan_and_a_column_has_one_type(sweeps: list[ResultDir], kind: str) -> None:
    types: dict[str, set[Any]] = {}
    for file in files(sweeps, kind):
        table = pq.read_table(file)
        for field in table.schema:
            if pa.types.is_floating(field.type):
                assert not pc.any(pc.is_nan(table[field.name])).as_py(), (file, field.name)
            if field.name not in ("width",):
                types.setdefault(field.name, set()).add(field.type)
    assert {name: found for name, found in types.items() if len(found) > 1} == {}
    if kind != "settings":
        assert types["val_acc" if kind == "history" else "best_val_acc"] == {pa.float64()}


def test_every_reader_finds_the_same_best_trial(sweeps: list[ResultDir]) -> None:
    for where in sweeps:
        ours = where.read().ranked()[0]
        best = (ours["trial"], ours["best_val_acc"])
        name = str(where.trials)
        query = f"select trial, best_val_acc from '{name}' where state <> 'failed'"
        ordered = duckdb.sql(f"{query} order by best_val_acc desc nulls last, trial limit 1")
        assert ordered is not None
        assert ordered.fetchall() == [best]
        most = duckdb.sql(f"select max(best_val_acc) from '{name}'")
        assert most is not None
        assert most.fetchall() == [best[1:]]
        frame = pl.read_parquet(name)
        assert frame.top_k(1, by="best_val_acc")["best_val_acc"].to_list() == [best[1]]
        assert frame["best_val_acc"].max() == best[1]
        for backend in ("numpy_nullable", "pyarrow"):
            read = pd.read_parquet(name, dtype_backend=backend)
            assert read["trial"].iloc[int(read["best_val_acc"].argmax())] == best[0]
        plain = pd.read_parquet(name)
        assert plain["trial"].iloc[int(plain["best_val_acc"].argmax())] == best[0]


def test_several_files_are_read_as_one(sweeps: list[ResultDir]) -> None:
    """A reader that takes the types of the first file gets the values of all."""
    every = [str(file) for file in files(sweeps, "history")]
    rows = [row for file in every for row in pq.read_table(file).to_pylist()]
    scores = [row["val_acc"] for row in rows if row["val_acc"] is not None]
    for order in (every, every[::-1]):
        found = duckdb.sql(
            f"select count(*), max(val_acc), count(val_acc), sum(val_acc) "
            f"from read_parquet({order}, union_by_name = true)"
        )
        assert found is not None
        count, most, scored, total = found.fetchall()[0]
        assert (count, most, scored) == (len(rows), max(scores), len(scores))
        assert total == pytest.approx(sum(scores))
        together = pl.concat([pl.read_parquet(file) for file in order], how="diagonal_relaxed")
        assert together["val_acc"].max() == max(scores)
        assert together["val_acc"].is_nan().sum() == 0
