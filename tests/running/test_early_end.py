"""Sweeps that end at their target or with their budget, and go on with a larger one."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pandas as pd
import pytest

from tests.running.test_growing import content, resumed
from tests.support.faults import history, trials
from tests.support.in_process import run_here, sweep_here
from tune_mc1.config.budget import Budget
from tune_mc1.config.objective import Objective
from tune_mc1.planning.past import Past
from tune_mc1.results.events import Event
from tune_mc1.results.tables import SweepTables
from tune_mc1.results.writer import ResultWriter
from tune_mc1.running.early_end import EarlyEnd
from tune_mc1.running.sweep_run import SweepRun

ONE = ("--max-concurrent", "1", "--wandb", "disabled")


def longer(image_dir: Path, **keys: Any) -> dict[str, Any]:
    return {**content(image_dir, 3, epochs={"value": 3}), **keys}


@pytest.mark.parametrize("fuse", ["off", 3])
def test_a_budget_of_epochs_ends_trials_with_an_epoch_and_a_larger_one_goes_on(
    tmp_path: Path, image_dir: Path, fuse: Any
) -> None:
    words = ONE if fuse == "off" else ("--wandb", "disabled")
    keep: dict[str, Any] = {} if fuse == "off" else {"keep_checkpoints": "best"}
    sweep = longer(image_dir, fuse=fuse, budget={"epochs": 4}, **keep)
    first = sweep_here(tmp_path, sweep, "random", *words)
    assert first.status == 0, first.err
    root = first.root
    found = trials(root)
    assert found["epochs_run"].sum() == 4, "also where a group would run three more"
    states = ["completed", "interrupted", "pending"] if fuse == "off" else ["interrupted"] * 3
    assert list(found["state"]) == states
    assert "Ended by budget.epochs: 4 are used up" in first.out
    assert found["test_acc"].notna().sum() == 1
    assert [e["reason"] for e in first.events("enough")][-1] == "budget.epochs: 4 are used up"
    again = resumed(root)  # without a larger budget
    assert again.returncode == 0, again.stderr
    assert trials(root)["epochs_run"].sum() == 4
    assert "Starting" not in again.stdout, "as nothing may run"
    assert "Ended by budget.epochs: 4 are used up" in again.stdout
    assert trials(root)["test_acc"].notna().sum() == 1
    done = resumed(root, "--budget", "epochs=100")
    assert done.returncode == 0, done.stderr
    assert "budget.epochs: was 4, is 100" in done.stderr
    assert set(trials(root)["state"]) == {"completed"}
    assert "Ended by" not in done.stdout
    if fuse == "off":
        (tmp_path / "whole").mkdir()
        quiet = sweep_here(tmp_path / "whole", longer(image_dir), "random", *ONE)
        pd.testing.assert_frame_equal(history(root), history(quiet.root), check_exact=True)


def test_a_group_that_ends_leaves_the_rest_of_a_budget_to_others(
    tmp_path: Path, image_dir: Path
) -> None:
    """The next group is divided where the budget does not have an epoch for each of its trials."""
    sweep = {**content(image_dir, 6), "fuse": 2, "budget": {"epochs": 5}}
    ran = sweep_here(tmp_path, sweep, "random", "--wandb", "disabled", "--max-concurrent", "2")
    assert ran.status == 0, ran.err
    assert list(trials(ran.root)["state"]) == ["completed"] * 5 + ["pending"]
    assert "Ended by budget.epochs: 5 are used up (1 pending)" in ran.out


class Written:
    """A writer of events that go nowhere."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.listeners: list[Any] = []
        self.tables = SweepTables()

    def write(self, event: Any) -> None:
        self.events.append(event)


def test_an_epoch_that_does_not_end_is_not_said_to_be_used_up() -> None:
    """The last epochs of a budget have begun, and one of their trials diverges."""
    sweep = SimpleNamespace(
        budget=Budget(epochs=3), metric=Objective(name="val_acc", goal="maximize"), adapter=None
    )
    written = Written()
    run = SimpleNamespace(sweep=sweep, past=Past(), trials=[])
    end = EarlyEnd(cast(SweepRun, run), cast(ResultWriter, written))
    assert end.room() == 3
    end.starts(["t1", "t2"])
    assert end.room() == 1
    row = {"trial": "t1", "epoch": 1}
    assert end.cuts(["t1"], [row]) == []
    end.take(cast(Event, {"event": "epoch", "time": 1.0, "val_acc": 0.5, **row}))
    assert end.cuts(["t1"], [{"trial": "t1", "epoch": 2}]) == ["t1"]
    end.take(cast(Event, {"event": "epoch", "time": 2.0, "val_acc": 0.5, **row, "epoch": 2}))
    assert end.reason == "budget.epochs: the last of 3 have begun"
    end.take(cast(Event, {"event": "end", "time": 3.0, "trial": "t2", "state": "diverged"}))
    end.settle()
    reasons = [event["reason"] for event in written.events]
    assert reasons[-1] == end.reason == "budget.epochs: 2 of 3 are used up"


def test_a_budget_of_time_ends_the_sweep(tmp_path: Path, image_dir: Path) -> None:
    sweep = {**content(image_dir, 3, epochs={"value": 200}), "budget": {"time": 0.5}}
    ran = sweep_here(tmp_path, sweep, "random", *ONE)
    assert ran.status == 0, ran.err
    (event,) = ran.events("enough")
    assert event["reason"].startswith("budget.time: ")
    assert "completed" not in set(trials(ran.root)["state"])
    assert "pending" in set(trials(ran.root)["state"])


def test_a_target_that_is_reached_starts_no_more_trials(tmp_path: Path, image_dir: Path) -> None:
    sweep = longer(image_dir, metric={"name": "val_acc", "goal": "maximize", "target": 0.01})
    ran = sweep_here(tmp_path, sweep, "random", *ONE)
    assert ran.status == 0, ran.err
    assert list(trials(ran.root)["state"]) == ["completed", "pending", "pending"]
    assert "Ended by metric.target: t0001 reached val_acc" in ran.out
    shown = run_here("show", ran.root, cwd=tmp_path)
    assert "Ended by metric.target" in shown.stdout
    done = resumed(ran.root)
    assert list(trials(ran.root)["state"]) == ["completed", "pending", "pending"], done.stderr


def test_a_sweep_whose_next_setting_is_not_worth_it_ends(tmp_path: Path, image_dir: Path) -> None:
    sweep = content(image_dir, 40, model={"value": "CNN_simple"})
    sweep |= {"budget": {"min_gain": 0.5}, "fuse": 4, "limit_images": 0.2}
    ran = sweep_here(tmp_path, sweep, "random", "--wandb", "disabled")
    assert ran.status == 0, ran.err
    states = trials(ran.root)["state"].value_counts()
    assert states["completed"] < 40
    assert states["completed"] + states["pending"] == 40
    (event,) = ran.events("enough")
    assert event["reason"].startswith("budget.min_gain: another setting is expected to gain ")
    assert " left together " in ran.out
    done = run_here("sweep", "grid", *ONE, "--budget", "min_gain=0.1", "--dry-run", cwd=tmp_path)
    assert done.returncode == 2
    assert "budget.min_gain: is for a search that draws settings" in done.stderr
