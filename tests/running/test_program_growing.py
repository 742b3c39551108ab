"""Sweeps of a user's program that end with their budget, grow, and start from earlier ones."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.support.faults import events
from tests.support.in_process import run_here
from tests.support.programs import program_sweep

ONE = ("--max-concurrent", "1", "--wandb", "disabled")


def trials(root: Path) -> pd.DataFrame:
    return pd.read_parquet(root / "trials.parquet")


def test_a_program_ends_with_the_budget_goes_on_and_grows(tmp_path: Path) -> None:
    keys: dict[str, Any] = {
        "parameters": {
            "lr": {"values": [0.1, 0.2, 0.4]},
            "steps": {"value": 6},
            "pause": {"value": 0.2},
        },
        "budget": {"epochs": 8},
    }
    ran = program_sweep(tmp_path, "grid", "--max-concurrent", "1", **keys)
    assert ran.status == 0, ran.err
    found = trials(ran.root)
    assert list(found["state"]) == ["completed", "interrupted", "pending"]
    assert list(found["epochs_run"]) == [6, 2, 0]
    assert "Ended by budget.epochs: 8 are used up (1 interrupted; 1 pending)" in ran.out
    words = ("--resume", ran.root, "--budget", "none", "--set", "lr=0.1,0.2,0.3")
    done = run_here("sweep", "grid", *words, *ONE, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "not in the sweep any more, so they stay as they are: t0003" in done.stderr
    found = trials(ran.root)
    assert list(found["lr"]) == [0.1, 0.2, 0.4, 0.3]
    assert list(found["state"]) == ["completed", "completed", "dropped", "completed"]
    assert list(found["epochs_run"]) == [6, 6, 0, 6]  # it went on where it had been told to end
    assert [event["trial"] for event in events(ran.root, "start")] == [
        *("t0001", "t0002", "t0002", "t0004")
    ]
    new = tmp_path / "new"
    file = tmp_path / "sweep.yaml"
    more = ("--from", ran.root, "--set", "lr=0.3,0.5", "--budget", "none", "-o", new)
    done = run_here("sweep", "grid", file, *more, *ONE, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (root,) = new.iterdir()
    taken = trials(root)["taken_from"]
    assert taken[0] == f"{ran.root.name}/t0004"
    assert pd.isna(taken[1])
    assert trials(root)["best_val/acc"][0] == pytest.approx(found["best_val/acc"][3])
    assert [event["trial"] for event in events(root, "start")] == ["t0002"]


def test_the_best_setting_of_a_program_gets_new_seeds(tmp_path: Path) -> None:
    values = {"lr": {"min": 0.1, "max": 0.9}, "seed": {"value": 3}, "steps": {"value": 1}}
    ran = program_sweep(tmp_path, "random", "-n", "2", parameters=values)
    words = ("--from", ran.root, "--best", "1", "--replicates", "2", "-o", tmp_path / "best")
    done = run_here("sweep", "grid", *words, *ONE, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (root,) = (tmp_path / "best").iterdir()
    best = trials(ran.root).nlargest(1, "best_val/acc")
    assert list(trials(root)["lr"]) == [best["lr"].item()] * 2
    assert list(trials(root)["seed"]) == [4, 5]
    other = tmp_path / "other.yaml"
    other.write_text(
        "program: other.py\nmetric: {name: val/acc, goal: maximize}\nparameters: {lr: {value: 1}}\n"
    )
    (tmp_path / "other.py").write_text("")
    done = run_here("sweep", "grid", other, "--from", ran.root, *ONE, cwd=tmp_path)
    assert done.returncode == 2
    assert "its trials ran train.py, those of this sweep run other.py" in done.stderr
