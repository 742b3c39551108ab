"""Trials that are cut off within an epoch, and comparison of what they leave, for tests."""

import math
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.support.group_run import Report
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.validation import Holdout
from tune_mc1.data.images import ImageData
from tune_mc1.results.directory import LAST, PARTIAL
from tune_mc1.training import mid_epoch
from tune_mc1.training.run_trials import run_trials


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


@contextmanager
def after_each_step(interval_s: float = 0.0) -> Iterator[None]:
    """Checkpoints within epochs after every step, or at an interval."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mid_epoch, "INTERVAL_S", interval_s)
        patch.setattr(mid_epoch, "SHARE", math.inf)
        yield


def run(
    trials: Sequence[Trial],
    images: ImageData,
    folder: Path,
    saved: Cut | None = None,
    stop: Collection[str] = (),
) -> Report:
    """Runs trials; with `saved`, it is called after each step, else there are no checkpoints."""
    report = Report(stop)
    with after_each_step(45.0 if saved is None else 0.0):
        run_trials(
            trials,
            images,
            Holdout(holdout=0.2),
            checkpoints=folder.joinpath,
            report=report,
            saved=saved or Cut(),
        )
    left = {path.parent.name for path in folder.rglob(PARTIAL)}
    ended = {*stop, *(end["trial"] for end in report.ends)}  # the sweep removes theirs
    assert left <= ended, "none is left of an epoch that is over"
    return report


def cut(trials: Sequence[Trial], images: ImageData, folder: Path, after: int) -> None:
    """Runs trials until the power goes after the nth checkpoint within an epoch."""
    with pytest.raises(PowerCut):
        run(trials, images, folder, Cut(after))


def alone(**parameters: Any) -> list[Trial]:
    common = {"model": "CNN_simple", "epochs": 2, "batch_size": 2, "learning_rate": 0.01}
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
