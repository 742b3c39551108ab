"""Trials that are cut off within an epoch go on there, to the last bit."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.group_run import group
from tests.support.mid_epoch import alone, cut, run, same
from tests.support.one_trial import few
from tune_mc1.config.trial import Trial
from tune_mc1.data.images import ImageData

SAVED = 99
"""In an epoch of 100 steps: 200 images in batches of 2, in macro-batches of 32, 32, 32 and 4. All
steps but the 99th are followed by a checkpoint within the epoch."""


def check(trials: Sequence[Trial], images: ImageData, folder: Path, *places: int) -> None:
    """Cuts trials off after each of several steps, one after the other; compares with an uncut run.

    Args:
        trials: Alone, or a group.
        images: The images.
        folder: For checkpoints.
        places: Numbers of checkpoints within epochs, from 1, after which the power goes.
    """
    whole = run(trials, images, folder / "whole")
    before = 0
    for place in places:
        cut(trials, images, folder / "cut", place - before)
        before = place
    found = run(trials, images, folder / "cut").rows
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


PARTS: dict[str, dict[str, Any]] = {
    "SGD": {
        **{"momentum": 0.9, "nesterov": True, "lr_schedule": "one_cycle", "layer_decay": 0.8},
        **{"weight_decay": 0.01, "filter_bias_and_bn": True},
    },
    "Muon": {"optimizer": "Muon", "momentum": 0.9, "lr_schedule": "linear", "warmup_epochs": 0.5},
    "LAMB": {"optimizer": "LAMB", "lr_schedule": "step", "step_size": 1},
    "loss": {"loss_function": "FocalLoss", "class_weights": "balanced", "label_smoothing": 0.1},
    "flip to jitter": {"augment": "flip_alternate+crop+cutout+color_jitter", "cutout_size": 8},
    "rand_augment": {"augment": "rand_augment+random_erasing", "test_time_flip": True},
    "trivial_augment": {"augment": "trivial_augment+random_resized_crop"},
    "inputs": {"image_size": 16, "normalize": "imagenet"},
    "average": {"ema_decay": 0.9, "ema_warmup": True, "batch_norm": True, "norm_bias_lr_factor": 8},
    "block": {"freeze": 1, "clip_grad": 0.1},
    "backbone": {"freeze": "backbone", "optimizer": "NAdam"},
}


@pytest.mark.parametrize("part", PARTS)
def test_every_part_of_the_recipe_goes_on_within_an_epoch(
    images: ImageData, tmp_path: Path, part: str
) -> None:
    if part == "LAMB":
        pytest.importorskip("timm")
    check(alone(batch_size=5, **PARTS[part]), few(images), tmp_path, 2, 7)


@pytest.mark.usefixtures("narrow_cnn8")
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
        for trial, seed in zip(group(3, epochs=2, momentum=0.9, batch_size=2), seeds, strict=True)
    ]
    check(trials, images, tmp_path, 7, 45, SAVED, SAVED + 1)
