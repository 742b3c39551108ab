"""A group of trials from start to result: rows, checkpoints, resume, trials that leave it."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch.callbacks import Callback

from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.validation import Folds, Holdout, Validation
from tune_mc1.data.images import ImageData
from tune_mc1.group import Group, lanes
from tune_mc1.trial import run_trials, score_test

Row = dict[str, Any]
CLOCK = {"seconds", "images_per_second"}
STOP_AFTER_FIRST = ("t1",)


class Report:
    """Keeps rows by trial and epoch, and ends; stops some trials after their first epoch."""

    def __init__(self, stop: Collection[str] = ()) -> None:
        self.rows: dict[tuple[str, int], Row] = {}
        self.ends: list[Row] = []
        self.order: list[list[str]] = []
        self.stop = stop

    def __call__(self, rows: Sequence[Row], ends: Sequence[Row] = ()) -> Collection[str]:
        self.order.append([row["trial"] for row in rows])
        for row in rows:
            kept = {k: v for k, v in row.items() if k not in CLOCK}
            self.rows[row["trial"], row["epoch"]] = kept
        self.ends += ends
        return self.stop


def run(
    trials: Sequence[Trial],
    images: ImageData,
    folder: Path,
    *,
    validation: Validation | None = None,
    stop: Collection[str] = (),
    callbacks: tuple[Callback, ...] = (),
) -> Report:
    report = Report(stop)
    run_trials(
        trials,
        images,
        validation or Holdout(holdout=0.2),
        checkpoints=folder.joinpath,
        report=report,
        callbacks=callbacks,
    )
    return report


def group(count: Any = 4, epochs: Any = 3, **parameters: Any) -> list[Trial]:
    scale = 1 - parameters.get("momentum", 0.0)  # the same pace: rounding grows no faster
    rates = [scale * rate for rate in (0.03, 0.01, 0.02, 0.05)]
    return [
        Trial(
            id=f"t{i}",
            config=TrialConfig(
                learning_rate=rates[i], epochs=epochs, weight_decay=i * 0.001, **parameters
            ),
        )
        for i in range(count)
    ]


def state(folder: Path, name: str = "last.ckpt") -> dict[str, torch.Tensor]:
    loaded: dict[str, torch.Tensor] = torch.load(folder / name, weights_only=True)["state_dict"]
    return loaded


def nearly_equal(one: Row, other: Row, images: int) -> None:
    assert one.keys() == other.keys()
    assert [one[k] for k in ("trial", "epoch", "steps")] == [
        other[k] for k in ("trial", "epoch", "steps")
    ]
    assert one["train_loss"] == pytest.approx(other["train_loss"], rel=3e-2)
    assert abs(one["val_acc"] - other["val_acc"]) <= max(0.005, 1 / images) + 1e-9


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
    if parameters.get("model") == "CNN8":  # a thousand times CNN's work
        few = slice(0, 80)
        images = replace(
            images, train_images=images.train_images[few], train_labels=images.train_labels[few]
        )
    if "optimizer" in parameters:
        trials = [
            t.model_copy(update={"config": t.config.model_copy(update={"learning_rate": 1e-4})})
            for t in trials
        ]
    together = run(trials, images, tmp_path / "fused", validation="test")
    for trial in trials:
        alone = run([trial], images, tmp_path / "alone", validation="test")
        for key, row in alone.rows.items():
            nearly_equal(together.rows[key], row, 400)
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


class _CutOff(Callback):
    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        if trainer.current_epoch == 2:
            raise KeyboardInterrupt


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_a_resumed_group_gives_the_numbers_of_an_uninterrupted_one(
    images: ImageData, tmp_path: Path, optimizer: str
) -> None:
    parameters = {"optimizer": optimizer, "momentum": 0.9 if optimizer == "SGD" else 0.0}
    whole = run(group(epochs=4, **parameters), images, tmp_path / "whole")
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        run(group(epochs=4, **parameters), images, tmp_path / "cut", callbacks=(_CutOff(),))
    rest = run(group(epochs=4, **parameters), images, tmp_path / "cut")
    assert {epoch for _, epoch in rest.rows} == {2, 3, 4}
    assert all(row == whole.rows[key] for key, row in rest.rows.items())
    for trial in group():
        one, other = (state(tmp_path / d / trial.id) for d in ("whole", "cut"))
        assert all(torch.equal(one[name], value) for name, value in other.items())


def test_a_trial_of_a_group_goes_on_alone_and_back(images: ImageData, tmp_path: Path) -> None:
    whole = run(group(epochs=3, momentum=0.9), images, tmp_path / "whole")
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        run(group(epochs=3, momentum=0.9), images, tmp_path / "cut", callbacks=(_CutOff(),))
    trials = group(epochs=3, momentum=0.9)
    run(trials[:1], images, tmp_path / "cut")  # to its end: the others are an epoch behind it
    rest = run(trials, images, tmp_path / "cut")
    assert rest.order == [["t1", "t2", "t3"]] * 2 + [["t0"]], "two parts, each in step"
    for trial in trials:
        nearly_equal(rest.rows[trial.id, 3], whole.rows[trial.id, 3], 200)


def test_a_trial_that_diverges_does_not_touch_the_others(images: ImageData, tmp_path: Path) -> None:
    bad = Trial(id="bad", config=TrialConfig(learning_rate=1000, epochs=3, weight_decay=1))
    mixed = run([*group(2), bad, *group()[2:]], images, tmp_path / "mixed")
    assert [(end["trial"], end["state"], end["epoch"]) for end in mixed.ends] == [
        ("bad", "diverged", 1)
    ]
    pure = run(group(), images, tmp_path / "pure")
    assert mixed.rows.keys() == pure.rows.keys()
    for key, row in pure.rows.items():
        nearly_equal(mixed.rows[key], row, 200)
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
        nearly_equal(row, whole.rows[key], 200)
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
            nearly_equal(report.rows[trial.id, epoch], alone.rows[trial.id, epoch], 200)
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


def test_a_resumed_group_may_lose_a_trial_at_once(images: ImageData, tmp_path: Path) -> None:
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        run(group(), images, tmp_path, callbacks=(_CutOff(),))
    report = run(group(), images, tmp_path, stop=("t1",))
    assert report.order == [["t0", "t1", "t2", "t3"], ["t0", "t2", "t3"]]


def test_a_best_checkpoint_is_named_so_in_spite_of_a_cut(images: ImageData, tmp_path: Path) -> None:
    for epochs in (1, 2):  # at its end already, or to be gone on with
        folder = tmp_path / str(epochs)
        run(group(2, epochs=1), images, folder)
        for trial in ("t0", "t1"):
            (folder / trial / "best.ckpt").unlink()
        report = run(group(2, epochs=epochs), images, folder)
        assert ("t0", 1) in report.rows
        assert (folder / "t0" / "best.ckpt").exists()


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
