"""Trials that are cut off within an epoch go on there, to the last bit."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning import Trainer

from tests.support.group_run import Report, group
from tests.support.one_trial import few
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.validation import Holdout
from tune_mc1.data.images import ImageData
from tune_mc1.errors import StorageError
from tune_mc1.results.directory import LAST, PARTIAL
from tune_mc1.training import mid_epoch, partial_checkpoint, trainer
from tune_mc1.training import run_trials as module
from tune_mc1.training.run_trials import run_trials

SAVED = 99
"""In an epoch of 100 steps: 800 images in batches of 8, in macro-batches of 32, 32, 32 and 4. All
steps but the 99th are followed by a checkpoint within the epoch."""


class PowerCut(BaseException):
    """The process is gone."""


class Cut:
    """Lets the power go after the nth checkpoint within an epoch."""

    def __init__(self, after: float = math.inf) -> None:
        self.after, self.count = after, 0

    def __call__(self, trials: Sequence[str]) -> None:
        self.count += 1
        if self.count >= self.after:
            raise PowerCut


@pytest.fixture(autouse=True)
def after_each_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checkpoints after every step."""
    monkeypatch.setattr(mid_epoch, "INTERVAL_S", 0.0)
    monkeypatch.setattr(mid_epoch, "SHARE", math.inf)


def run(trials: Sequence[Trial], images: ImageData, folder: Path, saved: Any = None) -> Report:
    report = Report()
    saved = saved or Cut()
    validation = Holdout(holdout=0.2)
    checkpoints = folder.joinpath
    run_trials(trials, images, validation, checkpoints=checkpoints, report=report, saved=saved)
    return report


def without_saving(trials: Sequence[Trial], images: ImageData, folder: Path) -> Report:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mid_epoch, "INTERVAL_S", 45.0)
        report = run(trials, images, folder)
    assert not list(folder.rglob(PARTIAL))
    return report


def alone(**parameters: Any) -> list[Trial]:
    common = {"model": "CNN_simple", "epochs": 2, "batch_size": 8, "learning_rate": 0.01}
    return [Trial(id="t0", config=TrialConfig(**{**common, **parameters}))]


def flat(value: Any, name: str = "") -> dict[str, Any]:
    """All numbers of nested state."""
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return {k: v for key, own in items for k, v in flat(own, f"{name}/{key}").items()}
    return {name: value}


def same(one: Path, other: Path, trials: Sequence[Trial]) -> None:
    """Compares the last checkpoints of trials: weights, averages, optimiser, loss scale, rows."""
    for trial in trials:
        a, b = (
            flat(torch.load(folder / trial.id / LAST, weights_only=True)) for folder in (one, other)
        )
        clock = ("/seconds", "/images_per_second")
        keys = {k for k in a | b if not k.endswith(clock) and not k.startswith("/loops")}
        differ = [k for k in sorted(keys) if not _equal(a.get(k), b.get(k))]
        assert differ == []


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        return a.dtype == b.dtype and torch.equal(a, b)
    return bool(a == b)


def check(trials: Sequence[Trial], images: ImageData, folder: Path, *places: int) -> None:
    """Cuts trials off after each of several steps, one after the other; compares with an uncut run.

    Args:
        trials: Alone, or a group.
        images: The images.
        folder: For checkpoints.
        places: Numbers of checkpoints within epochs, from 1, after which the power goes.
    """
    whole = without_saving(trials, images, folder / "whole")
    before = 0
    for place in places:
        with pytest.raises(PowerCut):
            run(trials, images, folder / "cut", cut := Cut(place - before))
        assert cut.count == place - before, "it went on where it was cut off"
        before = place
    found = without_saving(trials, images, folder / "cut").rows
    assert found == {key: row for key, row in whole.rows.items() if key in found}
    assert {epoch for _, epoch in found} == {1, 2}, "the first one is said again, if it had ended"
    same(folder / "whole", folder / "cut", trials)


@pytest.mark.parametrize(
    "parameters",
    [
        {"optimizer": "AdamW", "lr_schedule": "cosine", "warmup_steps": 20},
        {"ema_decay": 0.9, "momentum": 0.9, "augment": "flip", "batch_norm": True},
        {"mixup_alpha": 0.4, "cutmix_alpha": 1.0, "precision": "bf16-mixed", "clip_grad": 1.0},
    ],
)
def test_a_trial_goes_on_within_its_epoch(
    images: ImageData, tmp_path: Path, parameters: dict[str, Any]
) -> None:
    check(alone(**parameters), images, tmp_path, 1, 32, 33, 90, SAVED, SAVED + 40)


def test_dropout_goes_on_within_an_epoch(images: ImageData, tmp_path: Path) -> None:
    trials = alone(model="CNN8", dropout_p=0.3, batch_size=5, optimizer="Adam", learning_rate=1e-3)
    check(trials, few(images), tmp_path, 2, 7)


@pytest.mark.parametrize("seeds", [(0, 0, 0), (0, 1, 2)])
def test_a_group_goes_on_within_its_epoch(
    images: ImageData, tmp_path: Path, seeds: tuple[int, ...]
) -> None:
    trials = [
        Trial(
            id=trial.id,
            config=trial.config.model_copy(update={"seed": seed, "model": "CNN_simple"}),
        )
        for trial, seed in zip(group(3, epochs=2, momentum=0.9, batch_size=8), seeds, strict=True)
    ]
    check(trials, images, tmp_path, 7, 45, SAVED, SAVED + 1)
