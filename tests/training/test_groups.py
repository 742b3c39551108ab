"""A group of trials from start to result: rows, checkpoints, trials that leave it."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.support.group_run import group, nearly_equal, run, state
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.validation import Folds, Holdout
from tune_mc1.data.images import ImageData
from tune_mc1.training.group import Group, lanes
from tune_mc1.training.run_trials import score_test

STOP_AFTER_FIRST = ("t1",)


@pytest.mark.usefixtures("narrow_cnn8")
@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"optimizer": "Adam"},
        {"optimizer": "AdamW", "batch_norm": True},
        {"model": "CNN8", "dropout_p": 0.5, "epochs": 1},
        {"momentum": 0.9, "seed": 5},
    ],
)
def test_rows_and_checkpoints_are_those_of_trials_alone(
    images: ImageData, tmp_path: Path, parameters: dict[str, Any]
) -> None:
    trials = group(**{"epochs": 2, **parameters})
    if "optimizer" in parameters:
        trials = [
            t.model_copy(update={"config": t.config.model_copy(update={"learning_rate": 1e-4})})
            for t in trials
        ]
    together = run(trials, images, tmp_path / "fused", validation="test")
    for trial in trials:
        alone = run([trial], images, tmp_path / "alone", validation="test")
        for key, row in alone.rows.items():
            nearly_equal(together.rows[key], row, len(images.test_labels))
        plain, taken = (state(tmp_path / d / trial.id) for d in ("alone", "fused"))
        assert plain.keys() == taken.keys()
        assert all(taken[name].shape == value.shape for name, value in plain.items())


def test_a_checkpoint_of_a_group_is_one_of_the_plain_model(
    images: ImageData, tmp_path: Path
) -> None:
    report = run(group(epochs=1), images, tmp_path, validation="test")
    for trial in group(epochs=1):
        score, _ = score_test(trial, images, tmp_path / trial.id / "best.ckpt")
        assert score["test_acc"] == pytest.approx(report.rows[trial.id, 1]["val_acc"], abs=1e-6)
        assert score["test_loss"] == pytest.approx(report.rows[trial.id, 1]["val_loss"], abs=1e-4)
        size = (tmp_path / trial.id / "last.ckpt").stat().st_size
        assert size < 400_000, "the file holds one trial, not the group"


def test_a_trial_that_diverges_does_not_touch_the_others(images: ImageData, tmp_path: Path) -> None:
    bad = Trial(id="bad", config=TrialConfig(learning_rate=1000, epochs=3, weight_decay=1))
    mixed = run([*group(2), bad, *group()[2:]], images, tmp_path / "mixed")
    assert [(end["trial"], end["state"], end["epoch"]) for end in mixed.ends] == [
        ("bad", "diverged", 1)
    ]
    pure = run(group(), images, tmp_path / "pure")
    assert mixed.rows.keys() == pure.rows.keys()
    for key, row in pure.rows.items():
        nearly_equal(mixed.rows[key], row, 100)
    assert not (tmp_path / "mixed" / "bad").exists(), "nothing worth keeping"


def test_a_group_that_diverges_as_a_whole_ends(images: ImageData, tmp_path: Path) -> None:
    trials = [
        Trial(id=f"t{i}", config=TrialConfig(learning_rate=1000, weight_decay=1, seed=i))
        for i in range(2)
    ]
    report = run(trials, images, tmp_path)
    assert not report.rows
    assert sorted(end["trial"] for end in report.ends) == ["t0", "t1"]


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_stopped_trials_leave_the_group(images: ImageData, tmp_path: Path, optimizer: str) -> None:
    parameters = {"optimizer": optimizer, "momentum": 0.9 if optimizer == "SGD" else 0.0}
    report = run(group(**parameters), images, tmp_path / "a", stop=("t1", "t2"))
    assert report.order == [["t0", "t1", "t2", "t3"], ["t0", "t3"], ["t0", "t3"]]
    whole = run(group(**parameters), images, tmp_path / "b")
    for key, row in report.rows.items():
        nearly_equal(row, whole.rows[key], 100)
    left = torch.load(tmp_path / "a" / "t1" / "last.ckpt", weights_only=True)
    assert left["epoch"] == 0


def test_seeds_and_folds_may_mix(images: ImageData, tmp_path: Path) -> None:
    trials = [
        Trial(id=f"t{i}", config=TrialConfig(epochs=1, seed=i % 2), fold=i // 2) for i in range(4)
    ]
    folds = Folds(folds=5)
    sizes = {len(Group([t], images, folds).val.lanes[0]) for t in trials}
    assert len(sizes) == 1
    report = run(trials, images, tmp_path / "fused", validation=folds)
    for trial in trials:
        alone = run([trial], images, tmp_path / "alone", validation=folds)
        nearly_equal(report.rows[trial.id, 1], alone.rows[trial.id, 1], sizes.pop() if sizes else 1)
        sizes = {200}


@pytest.mark.parametrize("seeds", [(0, 0, 1, 1), (0, 1, 2, 3), (0, 1)])
def test_a_trial_leaves_a_group_of_mixed_seeds(
    images: ImageData, tmp_path: Path, seeds: tuple[int, ...]
) -> None:
    trials = [
        Trial(id=f"t{i}", config=TrialConfig(seed=seed, epochs=3, learning_rate=0.01 + i / 200))
        for i, seed in enumerate(seeds)
    ]
    report = run(trials, images, tmp_path / "fused", stop=("t1",))
    for trial in trials:
        alone = run([trial], images, tmp_path / "alone")
        for epoch in (1,) if trial.id == "t1" else (1, 2, 3):
            nearly_equal(report.rows[trial.id, epoch], alone.rows[trial.id, epoch], 100)
    assert ("t1", 2) not in report.rows


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_a_moment_of_a_group_is_one_of_the_plain_optimiser(
    images: ImageData, tmp_path: Path, optimizer: str
) -> None:
    parameters = {"optimizer": optimizer, "momentum": 0.9 if optimizer == "SGD" else 0.0}
    run(group(2, epochs=1, **parameters), images, tmp_path)
    saved = torch.load(tmp_path / "t1" / "last.ckpt", weights_only=True)
    tensors = [v for s in saved["optimizer_states"][0]["state"].values() for v in s.values()]
    assert any(value.ndim == 4 for value in tensors)
    assert all(value.is_contiguous() for value in tensors), "as its parameter is"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [("aaaa", [0]), ("aabb", [0, 2]), ("abcd", [0, 1, 2, 3]), ("aab", [0, 1, 2]), ("a", [0])],
)
def test_lanes(keys: str, expected: list[int]) -> None:
    assert list(lanes(keys)) == expected


def test_without_shuffling_all_seeds_read_the_same_images(images: ImageData) -> None:
    config = TrialConfig(epochs=1, shuffle=False)
    trials = [Trial(id=f"t{s}", config=config.model_copy(update={"seed": s})) for s in range(3)]
    made = Group(trials, images, Holdout())
    assert len(made.train.lanes) == 1
    (first, *_) = list(made.train)
    assert first.tolist() == sorted(first.tolist())
