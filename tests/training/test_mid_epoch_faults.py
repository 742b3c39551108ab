"""What stands in the way of going on within an epoch: damage, other networks, a full disk."""

import errno
import logging
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.support.group_run import Report, group, nearly_equal
from tests.support.mid_epoch import Cut, PowerCut, alone, cut, run, same
from tests.training.test_half_precision import _trainer as scaling_trainer
from tune_mc1.config.trial import Trial
from tune_mc1.config.validation import Holdout
from tune_mc1.data.images import ImageData
from tune_mc1.results.directory import PARTIAL
from tune_mc1.training import mid_epoch, trainer
from tune_mc1.training import run_trials as module
from tune_mc1.training.checkpoints import TrialCheckpoints
from tune_mc1.training.run_trials import run_trials

EPOCH = 99
"""Checkpoints within an epoch of 100 steps."""


def three() -> list[Trial]:
    return group(3, epochs=2, momentum=0.9, batch_size=2, model="CNN_simple")


def _damage(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-2000] + bytes(2000))


def _edit(file: Path) -> None:
    """Makes it one of a network that had another last layer."""
    saved = torch.load(file, weights_only=True)
    name = next(name for name in saved["state_dict"] if "output.bias" in name)
    saved["state_dict"][name] = torch.zeros(3)
    torch.save(saved, file)


def _as_by_another_version(file: Path) -> None:
    saved = torch.load(file, weights_only=True)
    saved["tune_mc1"]["trials"][0]["version"] = "0.1"
    torch.save(saved, file)


@pytest.mark.parametrize("spoil", [_damage, _edit, _as_by_another_version])
@pytest.mark.parametrize("after", [40, EPOCH + 40])
def test_a_checkpoint_that_cannot_be_taken_up_costs_the_epoch(
    images: ImageData, tmp_path: Path, caplog: pytest.LogCaptureFixture, spoil: Any, after: int
) -> None:
    whole = run(alone(), images, tmp_path / "whole")
    cut(alone(), images, tmp_path / "cut", after)
    spoil(tmp_path / "cut" / "t0" / PARTIAL)
    with caplog.at_level(logging.INFO):
        assert run(alone(), images, tmp_path / "cut").rows == whole.rows
    assert "goes on after" not in caplog.text
    assert "is left out: " in caplog.text or "begins again: its checkpoint" in caplog.text
    same(tmp_path / "whole", tmp_path / "cut", alone())


def test_a_checkpoint_of_another_setting_is_not_taken(images: ImageData, tmp_path: Path) -> None:
    cut(alone(seed=1), images, tmp_path / "cut", 40)
    whole = run(alone(), images, tmp_path / "whole")
    assert run(alone(), images, tmp_path / "cut").rows == whole.rows


def test_a_trial_with_more_epochs_goes_on(
    images: ImageData, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cut(alone(epochs=1), images, tmp_path / "cut", 40)
    whole = run(alone(), images, tmp_path / "whole")
    with caplog.at_level(logging.INFO):
        assert run(alone(), images, tmp_path / "cut").rows == whole.rows
    assert "epoch 1 goes on after 40 of 100 optimiser steps" in caplog.text
    assert "resuming from a checkpoint that ended before" not in caplog.text


def test_members_that_were_cut_off_at_different_places_begin_their_epoch_again(
    images: ImageData, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole, folder = run(three(), images, tmp_path / "whole"), tmp_path / "cut"
    cut(three(), images, folder, EPOCH + 20)
    shutil.copyfile(folder / "t1" / PARTIAL, tmp_path / "earlier")
    cut(three(), images, folder, 20)
    shutil.copyfile(tmp_path / "earlier", folder / "t1" / PARTIAL)
    with caplog.at_level(logging.INFO):
        rows = run(three(), images, folder).rows
    assert rows == whole.rows
    assert "epoch 2 begins again: the trials were cut off at different places" in caplog.text


def test_a_group_that_is_cut_off_at_the_end_of_an_epoch_goes_back_to_the_last_place(
    images: ImageData,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole, save = run(three(), images, tmp_path / "whole"), TrialCheckpoints._save_last

    def once(self: Any, part: Any, directory: Path, *, improved: bool) -> None:
        if directory.name == "t1":
            raise PowerCut
        save(self, part, directory, improved=improved)

    with monkeypatch.context() as patch:
        patch.setattr(TrialCheckpoints, "_save_last", once)
        with pytest.raises(PowerCut):
            run(three(), images, tmp_path / "cut", Cut())
    with caplog.at_level(logging.INFO):
        assert run(three(), images, tmp_path / "cut").rows == whole.rows
    assert "epoch 1 goes on after 100 of 100 optimiser steps" in caplog.text


def test_a_trial_that_is_to_stop_leaves_a_group_within_its_epoch(
    images: ImageData, tmp_path: Path
) -> None:
    whole = run(three(), images, tmp_path / "whole")
    cut(three(), images, tmp_path / "cut", EPOCH + 40)
    report = run(three(), images, tmp_path / "cut", stop=("t1",))
    assert report.order == [["t0", "t1", "t2"], ["t0", "t2"]]
    for trial in ("t0", "t2"):
        nearly_equal(report.rows[trial, 2], whole.rows[trial, 2], 100)


def test_a_trial_that_diverged_before_the_cut_has_diverged(
    images: ImageData, tmp_path: Path
) -> None:
    trials = three()
    config = trials[1].config.model_copy(update={"learning_rate": 1e4})
    trials[1] = trials[1].model_copy(update={"config": config})
    whole = run(trials, images, tmp_path / "whole")
    assert [(end["trial"], end["state"]) for end in whole.ends] == [("t1", "diverged")]
    cut(trials, images, tmp_path / "cut", 60)
    found = run(trials, images, tmp_path / "cut")
    assert (found.ends, found.rows) == (whole.ends, whole.rows)


@pytest.mark.parametrize("full", [1, 30])
def test_a_full_disk_costs_the_checkpoint_only(
    images: ImageData,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    full: int,
) -> None:
    whole, save, count = run(alone(), images, tmp_path / "whole"), torch.save, [0]

    def no_space(part: Any, file: Any) -> None:
        count[0] += 1
        if full <= count[0] < full + 20:
            raise OSError(errno.ENOSPC, "No space left on device")
        save(part, file)

    with monkeypatch.context() as patch:
        patch.setattr(torch, "save", no_space)
        assert run(alone(), images, tmp_path / "full", Cut()).rows == whole.rows
    assert caplog.text.count("partial.ckpt is left out; the epoch goes on: ") == 1
    assert not list((tmp_path / "full" / "t0").glob(".*"))
    same(tmp_path / "whole", tmp_path / "full", alone())


def test_the_loss_scale_of_float16_goes_on(
    images: ImageData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "pick_device", lambda config, gpu: torch.device("cpu"))
    monkeypatch.setattr(trainer, "Trainer", scaling_trainer)
    trials = alone(precision="16-mixed", clip_grad=0.5)
    whole = run(trials, images, tmp_path / "whole")
    cut(trials, images, tmp_path / "cut", 40)
    assert run(trials, images, tmp_path / "cut").rows == whole.rows
    same(tmp_path / "whole", tmp_path / "cut", trials)


@pytest.mark.parametrize(("takes_s", "count"), [(0.1, 4), (2.0, 1)])
def test_saving_takes_at_most_a_hundredth_of_the_time(
    images: ImageData,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    takes_s: float,
    count: int,
) -> None:
    """A step takes a second of this clock: 45, 90 and 145, 190, or 45 and then not before 247."""
    clock, seen = [0.0], []

    def step() -> float:
        clock[0] += 1.0
        return clock[0]

    def saved(trials: Any) -> None:
        seen.append(clock[0])
        clock[0] += takes_s

    monkeypatch.setattr("tune_mc1.training.module.monotonic", step)
    monkeypatch.setattr(mid_epoch, "monotonic", lambda: clock[0])
    validation, report = Holdout(holdout=0.2), Report()
    run_trials(
        alone(), images, validation, checkpoints=tmp_path.joinpath, report=report, saved=saved
    )
    assert len(seen) == count, seen
