"""A data source and trackers of other packages, by their names, in one real sweep."""

import json

import pyarrow.parquet as pq
import pytest

from tests.support.in_process import Ran
from tests.support.session import Session
from tune_mc1.config.load import load_sweep
from tune_mc1.results.directory import ResultDir

SWEEP = {
    "parameters": {
        "model": {"value": "CNN_simple"},
        "learning_rate": {"values": [0.01, 0.1]},
        "epochs": {"value": 2},
    },
    "data": "digits",
    "tracker": "wandb",
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, there: Session) -> Ran:
    words = ("--max-concurrent", "1", "--tracker=json_lines,broken")
    ran = there.sweep(tmp_path_factory.mktemp("own"), SWEEP, "grid", *words)
    assert ran.status == 0, ran.err
    return ran


def test_a_sweep_on_digits(ran: Ran) -> None:
    where = ResultDir(ran.root)
    rows = pq.read_table(where.trials).to_pylist()
    assert [row["data"] for row in rows] == ["digits", "digits"]
    assert max(row["best_val_acc"] for row in rows) > 0.5
    assert where.read().metadata["image_shape"] == [1, 8, 8]


def test_two_trackers_of_which_one_fails(ran: Ran) -> None:
    where = ResultDir(ran.root)
    lines = [json.loads(line) for line in (where.root / "lines.jsonl").read_text().splitlines()]
    history = where.read().history
    assert {(line["lr"], line["epoch"]) for line in lines} == {
        (lr, epoch) for lr in (0.01, 0.1) for epoch in (1, 2)
    }
    assert sorted(line["loss"] for line in lines) == sorted(r["val_loss"] for r in history.values())
    told = [line for line in ran.err.splitlines() if "Tracker" in line]
    expected = "Tracker broken: RuntimeError: no such project. The sweep continues without it."
    assert told == [f"Note: {expected}"]
    assert not where.wandb.exists()
    assert load_sweep(where.sweep_file).sweep.tracker == ("json_lines", "broken")
