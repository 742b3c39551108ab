"""Copies of another trial's checkpoint: late, damaged, missing, and taken up twice."""

import time
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest
import torch

from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.validation import Holdout
from tune_mc1.data.images import ImageData
from tune_mc1.errors import TrialError
from tune_mc1.results.directory import COPIED, LAST, PREVIOUS
from tune_mc1.training.checkpoints import last_state, read_checkpoint
from tune_mc1.training.copied_checkpoint import take_copy
from tune_mc1.training.last_checkpoint import epochs_done
from tune_mc1.training.run_trials import run_trials

RATES = {"own": 0.01, "other": 0.02}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, images: ImageData) -> Path:
    """Two trials that have come to an exchange after their second epoch."""
    folder = tmp_path_factory.mktemp("trained")
    for name, rate in RATES.items():
        config = TrialConfig(model="CNN_simple", epochs=2, learning_rate=rate, batch_size=256)
        trials = [Trial(id=name, config=config)]
        run_trials(
            trials,
            images,
            Holdout(),
            checkpoints=folder.joinpath,
            report=lambda rows, ends=(): (),
            gpu=False,
        )
    return folder


@pytest.fixture
def own(tmp_path: Path, trained: Path) -> Path:
    folder = tmp_path / "own"
    folder.mkdir()
    for name in (LAST, PREVIOUS):
        if (trained / "own" / name).exists():
            copyfile(trained / "own" / name, folder / name)
    return folder


def weights(path: Path) -> torch.Tensor:
    found: dict[str, torch.Tensor] = read_checkpoint(path)["state_dict"]
    return torch.cat([tensor.flatten().float() for tensor in found.values()])


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 64] = bytes(64 - i for i in range(64))
    path.write_bytes(content)


def test_a_copy_that_comes_late_is_taken_up(
    own: Path, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a network file system the trial's node sees it after the driver, at first in part."""
    source = trained / "other" / LAST
    steps = iter(["nothing", "half", "whole"])

    def wait(_: float) -> None:
        step = next(steps)
        if step == "half":
            content = source.read_bytes()
            (own / COPIED).write_bytes(content[: len(content) // 2])
        elif step == "whole":
            copyfile(source, own / COPIED)

    monkeypatch.setattr(time, "sleep", wait)
    before = last_state(own)
    take_copy(own, 2, wait_s=1000)
    assert next(steps, None) is None
    assert torch.equal(weights(own / LAST), weights(source))
    after = last_state(own)
    assert after == {"best": before["best"], "best_epoch": before["best_epoch"], "row": None}
    assert not (own / COPIED).exists()


@pytest.mark.parametrize("fault", ["damaged", "missing"])
def test_without_a_sound_copy_the_trial_fails_and_loses_nothing(
    own: Path, trained: Path, fault: str
) -> None:
    if fault == "damaged":
        copyfile(trained / "other" / LAST, own / COPIED)
        damage(own / COPIED)
    kept = weights(own / LAST)
    with pytest.raises(TrialError, match=r"copied\.ckpt: the weights that this trial was to go on"):
        take_copy(own, 2, wait_s=0)
    assert torch.equal(weights(own / LAST), kept)
    assert (own / COPIED).exists() == (fault == "damaged")
    copyfile(trained / "other" / LAST, own / COPIED)  # it is there at the next attempt
    take_copy(own, 2, wait_s=0)
    assert torch.equal(weights(own / LAST), weights(trained / "other" / LAST))


@pytest.mark.parametrize("files", [[LAST], [LAST, PREVIOUS]], ids=["last", "all"])
def test_damage_to_its_own_checkpoint_does_not_matter(
    own: Path, trained: Path, files: list[str]
) -> None:
    copyfile(trained / "other" / LAST, own / COPIED)
    for name in files:
        if (own / name).exists():
            damage(own / name)
    take_copy(own, 2, wait_s=0)
    assert epochs_done(own) == 2
    assert torch.equal(weights(own / LAST), weights(trained / "other" / LAST))


def test_damage_after_the_copy_was_taken_up_does_not_bring_back_the_weights_before(
    own: Path, trained: Path
) -> None:
    copyfile(trained / "other" / LAST, own / COPIED)
    take_copy(own, 2, wait_s=0)
    damage(own / LAST)
    assert epochs_done(own) == 2
    assert torch.equal(weights(own / LAST), weights(trained / "other" / LAST))


@pytest.mark.parametrize("copied_after", [None, 1, 2])
def test_it_is_taken_up_once(own: Path, trained: Path, copied_after: int | None) -> None:
    """A trial that has it, is beyond it or never copied needs none."""
    if copied_after == 2:
        copyfile(trained / "other" / LAST, own / COPIED)
        take_copy(own, 2, wait_s=0)
    kept: Any = weights(own / LAST)
    take_copy(own, copied_after, wait_s=0)
    assert torch.equal(weights(own / LAST), kept)
