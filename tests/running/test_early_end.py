"""Sweeps that end at their target or with their budget, and go on with a larger one."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.running.test_growing import content, resumed
from tests.support.faults import history, trials
from tests.support.in_process import run_here, sweep_here

ONE = ("--max-concurrent", "1", "--wandb", "disabled")


def longer(image_dir: Path, **keys: Any) -> dict[str, Any]:
    return {**content(image_dir, 3, epochs={"value": 3}), **keys}


@pytest.mark.parametrize("fuse", ["off", 3])
def test_a_budget_of_epochs_ends_trials_with_an_epoch_and_a_larger_one_goes_on(
    tmp_path: Path, image_dir: Path, fuse: Any
) -> None:
    words = ONE if fuse == "off" else ("--wandb", "disabled")
    sweep = longer(image_dir, fuse=fuse, budget={"epochs": 4})
    first = sweep_here(tmp_path, sweep, "random", *words)
    assert first.status == 0, first.err
    root = first.root
    found = trials(root)
    assert found["epochs_run"].sum() == (4 if fuse == "off" else 3)
    states = ["completed", "interrupted", "pending"] if fuse == "off" else ["interrupted"] * 3
    assert list(found["state"]) == states
    assert "Ended by budget.epochs: 4 are used up" in first.out
    assert found["test_acc"].notna().sum() == 1
    again = resumed(root)  # without a larger budget; one trial alone may use the last epoch
    assert again.returncode == 0, again.stderr
    assert trials(root)["epochs_run"].sum() == 4
    done = resumed(root, "--budget", "epochs=100")
    assert done.returncode == 0, done.stderr
    assert "budget.epochs: was 4, is 100" in done.stderr
    assert set(trials(root)["state"]) == {"completed"}
    assert "Ended by" not in done.stdout
    if fuse == "off":
        (tmp_path / "whole").mkdir()
        quiet = sweep_here(tmp_path / "whole", longer(image_dir), "random", *ONE)
        pd.testing.assert_frame_equal(history(root), history(quiet.root), check_exact=True)


def test_a_budget_of_time_ends_the_sweep(tmp_path: Path, image_dir: Path) -> None:
    sweep = longer(image_dir, budget={"time": 0.5})
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
