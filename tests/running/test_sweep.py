"""Whole sweeps: Ray, Lightning, W&B offline, real images; one of them by the real command."""

import json
import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from tests.support.in_process import Done, Ran, run_here, sweep_here
from tests.support.warm_commands import Command
from tune_mc1.config.load import load_sweep
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.validation import Holdout
from tune_mc1.data.images import ImageData
from tune_mc1.training.epoch_report import Reporter
from tune_mc1.training.run_trials import run_trials

TWO = ("--max-concurrent", "2", "--wandb", "disabled")
CLOCK = ["seconds", "images_per_second", "time"]


def tune_mc1(*words: str | Path, cwd: Path, **env: str) -> Done:
    """Runs the command in a process of its own."""
    with Command(words, cwd, os.environ | {"COLUMNS": "160"} | env) as command:
        out, err = command.communicate(timeout=280)
    return Done(command.wait(), out, err)


def run_sweep(folder: Path, content: dict[str, Any], command: str, *words: str, **env: str) -> Ran:
    file = folder / "sweep.yaml"
    file.write_text(yaml.safe_dump(content))
    done = tune_mc1("sweep", command, file, "-o", folder / "out", *words, cwd=folder, **env)
    assert (folder / "out").is_dir(), done.stderr
    (root,) = (folder / "out").iterdir()
    return Ran(done.returncode, done.stdout, done.stderr, root)


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory, image_dir: Path) -> Ran:
    """A grid in which one trial succeeds, one diverges and two fail."""
    folder = tmp_path_factory.mktemp("grid")
    content = {
        "method": "grid",
        "metric": {"name": "val_acc_epoch", "goal": "maximize"},
        "parameters": {
            "model": {"values": ["CNN", "SE_ResNeXt_50"]},
            "learning_rate": {"values": ["3e-2", 1000]},
            "momentum": {"value": 0.9},
            "epochs": {"value": 2},
        },
        "data": str(image_dir),
        "fuse": "off",
    }
    env = {"TORCH_HOME": str(folder), "https_proxy": "http://127.0.0.1:9"}
    words = ("--max-concurrent", "1", "--wandb", "offline")
    return run_sweep(folder, content, "grid", *words, **env)


def test_a_sweep_outlives_trials_that_fail(grid: Ran) -> None:
    assert grid.status == 1, grid.err
    trials = pd.read_parquet(grid.root / "trials.parquet").set_index("trial")
    states = dict(trials["state"])
    assert states == {
        "t0001": "completed",
        "t0002": "failed",
        "t0003": "diverged",
        "t0004": "failed",
    }
    assert "pretrained: false" in trials["error"]["t0002"]
    log = (grid.root / trials["log"]["t0002"]).read_text()
    assert "Traceback" in log
    assert "pretrained: false" in log
    assert "Failed: t0002" in grid.out
    assert "loss became" in trials["error"]["t0003"]
    assert trials["test_acc"].notna().to_dict() == {t: t == "t0001" for t in states}


def _into(kept: list[dict[str, Any]]) -> Reporter:
    def report(
        rows: Sequence[dict[str, Any]], ends: Sequence[dict[str, Any]] = ()
    ) -> Collection[str]:
        kept.extend([*rows, *ends])
        return ()

    return report


def test_a_trial_has_the_same_numbers_in_a_sweep_and_alone(grid: Ran, images: ImageData) -> None:
    rows: list[dict[str, Any]] = []
    config = TrialConfig(learning_rate=0.03, momentum=0.9, epochs=2)
    run_trials([Trial(id="t0001", config=config)], images, Holdout(), report=_into(rows))
    history = pd.read_parquet(grid.root / "history.parquet")
    inside = history[history["trial"] == "t0001"].drop(columns=CLOCK).reset_index(drop=True)
    alone = pd.DataFrame(rows)[inside.columns].astype(inside.dtypes)
    pd.testing.assert_frame_equal(inside, alone, check_exact=True)


def test_the_directory_holds_what_the_design_says(grid: Ran) -> None:
    names = {p.name for p in grid.root.iterdir()}
    assert names >= {
        "sweep.yaml",
        "provenance.json",
        "journal.jsonl",
        "trials.parquet",
        "history.parquet",
        "checkpoints",
        "logs",
        "wandb",
    }
    assert {p.name for p in (grid.root / "checkpoints" / "t0001").iterdir()} == {
        "best.ckpt",
        "last.ckpt",
    }
    assert len(list((grid.root / "wandb").rglob("offline-run-*/*.wandb"))) == 4
    facts = json.loads((grid.root / "provenance.json").read_text())
    assert facts["data_set"]["data"] == "some-images"
    assert facts["packages"]["ray"]
    resolved = load_sweep(grid.root / "sweep.yaml").sweep
    assert resolved.metric.name == "val_acc"
    assert grid.events("close")


def test_past_sweeps_are_listed_and_shown(grid: Ran) -> None:
    shown = json.loads(run_here("show", grid.root, "--json", cwd=grid.root).stdout)
    assert shown["trials"][0]["trial"] == "t0001"
    assert shown["trials"][0]["best_val_acc"] > 0.1
    listed = json.loads(run_here("list", grid.root.parent, "--json", cwd=grid.root).stdout)
    (row,) = listed["sweeps"]
    assert row["states"] == {"completed": 1, "diverged": 1, "failed": 2}
    text = run_here("show", grid.root, cwd=grid.root).stdout
    assert "best.ckpt" in text
    assert "t0001" in run_here("list", grid.root.parent, cwd=grid.root).stdout


def test_nothing_from_inside_the_trials_floods_the_terminal(grid: Ran) -> None:
    for noise in (
        "GPU available",
        "did not complete",
        "run_in_tune",
        "Traceback",
        "RayTaskError",
        "FutureWarning",
        "litlogger",
    ):
        assert noise not in grid.out + grid.err


def test_the_first_seconds_say_what_happens(grid: Ran) -> None:
    lines = grid.out.splitlines()
    places = [lines.index(line) for line in ("Starting Ray ...", "Starting the first trials ...")]
    assert places == sorted(places)
    assert lines[0].startswith(("Results: ", "Starting Ray"))


NOISE = ("litlogger", "LeafSpec", "raylet", "opencensus", "A new study", "NOTICE:")


def test_logs_hold_each_line_once_and_no_noise(grid: Ran) -> None:
    log = (grid.root / "logs" / "t0001.log").read_text()
    assert not [noise for noise in NOISE if noise in log + grid.out + grid.err]
    assert log.count("t0001 on cpu") == 1
    assert log.count("`Trainer.fit` stopped") == 1
    assert all(line[:4].isdecimal() for line in log.splitlines() if line), "a line without a time"


@pytest.fixture(scope="module")
def asha(tmp_path_factory: pytest.TempPathFactory, image_dir: Path) -> Ran:
    content = {
        "method": "random",
        "parameters": {
            "learning_rate": {"distribution": "log_uniform_values", "min": 1e-6, "max": 0.1},
            "weights_init_type": {"value": "kaiming_normal"},
            "batch_size": {"value": 8},
            "epochs": {"value": 4},
        },
        "early_terminate": {"type": "asha", "min_iter": 1, "eta": 2},
        "run_cap": 8,
        "data": str(image_dir),
        "resources": {"cpu": 0.5},
    }
    return sweep_here(tmp_path_factory.mktemp("asha"), content, "asha", *TWO)


def test_asha_stops_trials_at_its_rungs(asha: Ran) -> None:
    assert asha.status == 0, asha.err
    trials = pd.read_parquet(asha.root / "trials.parquet").set_index("trial")
    stopped = trials[trials["state"] == "stopped"]
    assert set(trials["state"]) == {"completed", "stopped"}
    assert 2 <= len(stopped) <= 7
    assert set(stopped["epochs_run"]) <= {1, 2}
    assert (trials[trials["state"] == "completed"]["epochs_run"] == 4).all()
    rungs = pd.DataFrame(asha.events("rung"))
    assert set(rungs[rungs["stop"]]["trial"]) == set(stopped.index)
    for _, entry in rungs.dropna(subset=["cutoff"]).iterrows():
        assert entry["stop"] == (entry["score"] < entry["cutoff"])
    assert not (asha.root / "wandb").exists()


def test_bayes_learns_from_what_it_tried(tmp_path: Path, image_dir: Path) -> None:
    content = {
        "method": "bayes",
        "metric": {"name": "val_f1"},
        "parameters": {
            "learning_rate": {"distribution": "log_uniform_values", "min": 1e-4, "max": 0.1},
            "epochs": {"value": 1},
        },
        "data": str(image_dir),
    }
    ran = sweep_here(tmp_path, content, "bayes", "-n", "4", "--wandb", "disabled")
    assert ran.status == 0, ran.err
    trials = pd.read_parquet(ran.root / "trials.parquet")
    assert list(trials["state"]) == ["completed"] * 4
    assert trials["learning_rate"].nunique() == 4
    assert trials["learning_rate"].between(1e-4, 0.1).all()
    (winner,) = trials.dropna(subset=["test_f1"]).to_dict("records")
    assert winner["best_val_f1"] == trials["best_val_f1"].max()
    assert f"test_f1 on the test images: {winner['test_f1']:.4f}\n" in ran.out
    assert f"Accuracy on the test images: {winner['test_acc']:.4f}\n" in ran.out


def test_one_trial_by_hand(tmp_path: Path, image_dir: Path, grid: Ran) -> None:
    words = ("--set", "learning_rate=0.03", "--set", "momentum=0.9", "--set", "epochs=2")
    done = run_here("train", *words, "--data", image_dir, "-o", tmp_path / "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (root,) = (tmp_path / "out").iterdir()
    alone = pd.read_parquet(root / "history.parquet").drop(columns=CLOCK)
    inside = pd.read_parquet(grid.root / "history.parquet").drop(columns=CLOCK)
    inside = inside[inside["trial"] == "t0001"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, inside, check_exact=True)
    (row,) = pd.read_parquet(root / "trials.parquet").to_dict("records")
    in_sweep = pd.read_parquet(grid.root / "trials.parquet").iloc[0]
    assert row["state"] == "completed"
    assert row["test_acc"] == in_sweep["test_acc"]
