"""A group of trials, run without Ray, for tests."""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch.callbacks import Callback

from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.validation import Holdout, Validation
from tune_mc1.data.images import ImageData
from tune_mc1.training.run_trials import run_trials

Row = dict[str, Any]


CLOCK = {"seconds", "images_per_second"}


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


class CutOff(Callback):
    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        if trainer.current_epoch == 2:
            raise KeyboardInterrupt


def check_parting_and_joining(
    trials: Sequence[Trial],
    images: ImageData,
    folder: Path,
    check: Callable[[Row, Row], None],
) -> Report:
    """Cuts a group and lets its trials go on alone, and the other way round.

    Args:
        trials: A group, of more than two epochs.
        images: The images.
        folder: For checkpoints.
        check: Compares a row of the group, run whole, with the same row of another run.

    Returns:
        The group's rows, run whole.
    """
    fused = run(trials, images, folder / "fused")
    together, each = [trials], [[t] for t in trials]
    for name, first, then in (("apart", together, each), ("joined", each, together)):
        for part in first:
            with pytest.raises((KeyboardInterrupt, SystemExit)):
                run(part, images, folder / name, callbacks=(CutOff(),))
        for part in then:
            for key, row in run(part, images, folder / name).rows.items():
                nearly_equal(fused.rows[key], row, 200)
                check(fused.rows[key], row)
    return fused
