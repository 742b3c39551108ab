"""A real sweep with many parameters of the training recipe: recorded, fused, resumed with more."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.support.in_process import Ran, run_here, sweep_here

RECIPE: dict[str, Any] = {
    "optimizer": {"value": "sgd"},
    "momentum": {"value": 0.9},
    "nesterov": {"value": True},
    "wd": {"value": 0.01},
    "filter_bias_and_bn": {"value": True},
    "lr_scheduler": {"values": ["cosine", "one_cycle"]},
    "warmup_epochs": {"value": 0.5},
    "schedule_epochs": {"value": 4},
    "label_smoothing": {"values": [0.0, 0.1]},
    "class_weights": {"value": "balanced"},
    "clip_grad": {"value": 1.0},
    "ema_decay": {"value": 0.9},
    "layer_decay": {"value": 0.8},
    "learning_rate": {"value": 0.01},
    "batch_norm": {"value": True},
    "model": {"value": "CNN_simple"},
    "epochs": {"value": 3},
}
ONE = ("--max-concurrent", "1", "--wandb", "disabled")


def content(image_dir: Path, **keys: Any) -> dict[str, Any]:
    return {"method": "grid", "parameters": RECIPE, "data": str(image_dir), **keys}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, image_dir: Path) -> Ran:
    folder = tmp_path_factory.mktemp("alone")
    return sweep_here(folder, content(image_dir, fuse="off"), "grid", *ONE)


def test_fused_trials_have_the_rows_of_trials_alone(
    alone: Ran, tmp_path: Path, image_dir: Path
) -> None:
    fused = sweep_here(tmp_path, content(image_dir, fuse=4), "grid", "--wandb", "disabled")
    assert (alone.status, fused.status) == (0, 0), fused.err + alone.err
    assert "its trials end after 3 of them" in fused.err
    trials = pd.read_parquet(fused.root / "trials.parquet")
    assert list(trials["state"]) == ["completed"] * 4
    assert set(trials["fused"]) == {4}
    assert set(trials["class_weights"]) == {"balanced"}
    assert set(trials["label_smoothing"]) == {0.0, 0.1}
    assert set(trials["schedule_epochs"]) == {4}
    assert "focal_gamma" not in trials
    one, other = (
        pd.read_parquet(ran.root / "history.parquet").sort_values(["trial", "epoch"])
        for ran in (alone, fused)
    )
    assert list(one["learning_rate"]) == list(other["learning_rate"])
    assert len(set(one["learning_rate"])) == 6, "two schedules, three epochs"
    assert list(one["val_loss"]) == pytest.approx(list(other["val_loss"]), rel=0.03)
    assert list(one["train_loss"]) == pytest.approx(list(other["train_loss"]), rel=0.03)


def test_a_sweep_goes_on_with_the_schedule_it_began_with(
    alone: Ran, tmp_path: Path, image_dir: Path
) -> None:
    more = {**RECIPE, "epochs": {"value": 4}}
    straight = sweep_here(tmp_path, content(image_dir, fuse="off", parameters=more), "grid", *ONE)
    words = ("--resume", alone.root, "--epochs", "4", *ONE)
    done = run_here("sweep", "grid", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    columns = ["trial", "epoch", "learning_rate", "train_loss", "val_loss", "val_acc"]
    one, other = (
        pd.read_parquet(root / "history.parquet").sort_values(["trial", "epoch"])[columns]
        for root in (alone.root, straight.root)
    )
    assert list(one["epoch"]) == [1, 2, 3, 4] * 4
    pd.testing.assert_frame_equal(one.reset_index(drop=True), other.reset_index(drop=True))


LOSS = """
import torch

def squared(logits, labels):
    targets = torch.nn.functional.one_hot(labels, logits.shape[1])
    return ((logits.softmax(1) - targets) ** 2).sum(1)
"""


def test_losses_of_ones_own_and_an_end_before_the_last_epoch(
    tmp_path: Path, image_dir: Path
) -> None:
    (tmp_path / "own_losses_of_a_sweep.py").write_text(LOSS)
    name = "own_losses_of_a_sweep:squared"
    parameters = {
        "model": {"value": "CNN_simple"},
        "loss_function": {"values": ["CrossEntropyLoss", name]},
        "learning_rate": {"value": 1e-12},
        "epochs": {"value": 5},
    }
    keys = {"parameters": parameters, "early_stopping": {"patience": 2}, "fuse": 2}
    ran = sweep_here(tmp_path, content(image_dir, **keys), "grid", *ONE)
    assert ran.status == 0, ran.err
    trials = pd.read_parquet(ran.root / "trials.parquet")
    assert list(trials["state"]) == ["stopped"] * 2
    assert list(trials["epochs_run"]) == [3, 3]
    assert set(trials["error"]) == {"early stopping: val_acc has not improved for 2 epochs"}
    assert list(trials["loss_function"]) == ["CrossEntropyLoss", name]
    assert trials["test_acc"].notna().any()

    parameters["loss_function"] = {"value": "own_losses_of_a_sweep:sqared"}
    (tmp_path / "sweep.yaml").write_text(str(content(image_dir, **keys)))
    done = run_here("sweep", "grid", tmp_path / "sweep.yaml", "--dry-run", cwd=tmp_path)
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert "parameters.loss_function.value: " in line
    assert "has no 'sqared', did you mean 'squared'?" in line


def test_weights_for_classes_that_are_not_there(tmp_path: Path, image_dir: Path) -> None:
    file = tmp_path / "sweep.yaml"
    weights = {"class_weights": {"value": [1, 2, 3]}}
    file.write_text(str(content(image_dir, parameters=weights)))
    done = run_here("sweep", "grid", file, *ONE, cwd=tmp_path)
    assert done.returncode == 2
    line = done.stderr.strip().splitlines()[-1]
    rule = "must be balanced, or a list of one weight for each of the 10 classes, got 3 weights"
    assert line.endswith(f"parameters.class_weights: {rule}")
