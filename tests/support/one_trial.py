"""One trial, run without Ray, for tests."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch.callbacks import Callback

from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.validation import Holdout, Validation
from tune_mc1.data.images import ImageData
from tune_mc1.models.backbone import FrozenBackbone
from tune_mc1.training.run_trials import run_trials

Row = dict[str, Any]


Rows = list[Row]


CLOCK = {"seconds", "images_per_second"}


HELD_OUT = Holdout(holdout=0.2)


def run(
    images: ImageData,
    folder: Path | None = None,
    validation: Validation = HELD_OUT,
    fold: int | None = None,
    callbacks: tuple[Callback, ...] = (),
    **parameters: Any,
) -> Rows:
    config = TrialConfig(**{"epochs": 2, "learning_rate": 0.03, **parameters})
    kept: Rows = []
    trial = Trial(id="t0001", config=config, fold=fold)

    def report(rows: Sequence[Row], ends: Sequence[Row] = ()) -> Collection[str]:
        kept.extend([*rows, *ends])
        return ()

    run_trials(
        [trial],
        images,
        validation,
        checkpoints=None if folder is None else lambda _: folder,
        report=report,
        callbacks=callbacks,
    )
    return kept


def few(images: ImageData) -> ImageData:
    """Sixty of the training images and of the test images."""
    part = slice(0, 60)
    return replace(
        images,
        train_images=images.train_images[part],
        train_labels=images.train_labels[part],
        test_images=images.test_images[part],
        test_labels=images.test_labels[part],
    )


def numbers(rows: Rows) -> Rows:
    return [{k: v for k, v in row.items() if k not in CLOCK} for row in rows]


def count_backbone_images(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Images of each batch that a frozen backbone is asked for from now on."""
    seen: list[int] = []
    forward = FrozenBackbone.forward

    def counted(self: FrozenBackbone, batch: torch.Tensor) -> torch.Tensor:
        seen.append(len(batch))
        return forward(self, batch)

    monkeypatch.setattr(FrozenBackbone, "forward", counted)
    return seen
