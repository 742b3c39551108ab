"""Whole sweeps whose trials are trained together."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.running.test_sweep import run_sweep
from tests.support.in_process import Ran, sweep_here

SAME = ["trial", "epoch", "steps", "learning_rate"]


def content(image_dir: Path, **keys: Any) -> dict[str, Any]:
    return {
        "method": "grid",
        "metric": {"name": "val_loss", "goal": "minimize"},
        "parameters": {
            "model": {"value": "CNN"},
            "learning_rate": {"values": [0.003, 0.1, 0.01, 1000, 0.0001, 0.03]},
            "epochs": {"value": 4},
        },
        "early_terminate": {"type": "asha", "min_iter": 1, "eta": 2},
        "data": str(image_dir),
        **keys,
    }


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, image_dir: Path) -> Ran:
    """One trial after the other."""
    folder = tmp_path_factory.mktemp("alone")
    return sweep_here(folder, content(image_dir, fuse="off"), "grid", "--max-concurrent", "1")


@pytest.fixture(scope="module")
def fused(tmp_path_factory: pytest.TempPathFactory, image_dir: Path) -> Ran:
    """All six as one group."""
    folder = tmp_path_factory.mktemp("fused")
    return sweep_here(folder, content(image_dir, fuse=6), "grid", "--wandb", "offline")


def test_asha_decides_alike(alone: Ran, fused: Ran) -> None:
    assert (alone.status, fused.status) == (0, 0), fused.err

    def decisions(ran: Ran) -> list[tuple[int, str, bool]]:
        entries = [(e["rung"], e["trial"], e["stop"]) for e in ran.events("rung")]
        return sorted(entries, key=lambda entry: entry[0])  # by rung, in order of arrival

    # A trial that diverges is met at once by a group, and when its turn comes by trials alone.
    assert set(decisions(fused)) == set(decisions(alone))
    assert {stop for *_, stop in decisions(fused)} == {True, False}


def test_states_rows_and_files_are_those_of_trials_alone(alone: Ran, fused: Ran) -> None:
    trials = [pd.read_parquet(r.root / "trials.parquet").set_index("trial") for r in (alone, fused)]
    assert dict(trials[0]["state"]) == dict(trials[1]["state"])
    assert set(trials[1]["state"]) == {"completed", "stopped", "diverged"}
    assert set(trials[0]["fused"]) == {1}
    assert set(trials[1]["fused"]) == {6}
    history = [
        pd.read_parquet(r.root / "history.parquet").sort_values(["trial", "epoch"])
        for r in (alone, fused)
    ]
    one, other = (h.reset_index(drop=True) for h in history)
    pd.testing.assert_frame_equal(one[SAME], other[SAME])
    pd.testing.assert_series_equal(one["val_loss"], other["val_loss"], rtol=0.02)
    for root in (alone.root, fused.root):
        kept = {p.name for p in (root / "checkpoints").iterdir()}
        assert kept == {"t0001", "t0002", "t0003", "t0005", "t0006"}, "not the one that diverged"
    winner = trials[1]["test_acc"].dropna()
    assert list(winner.index) == [trials[1]["best_val_loss"].idxmin()]


def test_each_fused_trial_has_a_wandb_run(fused: Ran) -> None:
    files = list((fused.root / "wandb").glob("offline-run-*/*.wandb"))
    assert len(files) == 6


def test_each_fused_trial_has_a_log(fused: Ran) -> None:
    """Lines about one trial are in its own, those about all of them in each."""
    ids = [f"t{i:04}" for i in range(1, 7)]
    assert [event["log"] for event in fused.events("start")] == [f"logs/{t}.log" for t in ids]
    for trial in ids:
        text = (fused.root / "logs" / f"{trial}.log").read_text()
        assert re.findall(r"INFO (t\d+) on cpu", text) == [trial]
        others = ", ".join(other for other in ids if other != trial)
        assert text.count(f"Trained as one model with {others}") == 1
        assert "GPU available" in text


def test_a_trial_that_cannot_run_does_not_end_the_others(tmp_path: Path, image_dir: Path) -> None:
    """A checkpoint that cannot be written fails one trial of a group."""
    sweep = content(image_dir, fuse=3)
    del sweep["early_terminate"]
    sweep["parameters"]["learning_rate"] = {"values": [0.01, 0.02, 0.03]}
    sweep["parameters"]["epochs"] = {"value": 2}
    file = tmp_path / "sitecustomize.py"
    file.write_text(BROKEN)
    ran = run_sweep(tmp_path, sweep, "grid", PYTHONPATH=str(tmp_path))
    assert ran.status == 1
    trials = pd.read_parquet(ran.root / "trials.parquet").set_index("trial")
    assert dict(trials["state"]) == {"t0001": "completed", "t0002": "failed", "t0003": "completed"}
    assert "no room for t0002" in trials["error"]["t0002"]
    log = (ran.root / trials["log"]["t0002"]).read_text()
    assert "Traceback" in log


BROKEN = """
import pathlib
mkdir = pathlib.Path.mkdir
def broken(self, *args, **kwargs):
    if self.parts[-2:] == ("checkpoints", "t0002"):
        raise OSError("no room for t0002")
    return mkdir(self, *args, **kwargs)
pathlib.Path.mkdir = broken
"""
