"""A group of networks that are not declared: rows and checkpoints as those of trials alone."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.support.group_run import CutOff, group, nearly_equal, run, state
from tests.support.own_networks import build
from tests.support.plugins import registered
from tune_mc1.config.architectures import ARCHITECTURES, Architecture
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.data.images import ImageData


def unlike(config: TrialConfig, image_shape: tuple[int, int, int], classes: int) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(3072, 10), nn.ReLU() if config.seed else nn.ELU())


@pytest.fixture(autouse=True)
def networks() -> Iterator[None]:
    own = Architecture(build=build.__module__ + ":build", dropout_layers=1)
    with (
        registered(ARCHITECTURES, "Tutorial", own),
        registered(ARCHITECTURES, "Unlike", Architecture(build=f"{__name__}:unlike")),
    ):
        yield


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_rows_and_checkpoints_are_those_of_trials_alone(
    images: ImageData, tmp_path: Path, optimizer: str
) -> None:
    trials = group(3, epochs=2, model="Tutorial", optimizer=optimizer, dropout_p=0.2)
    if optimizer == "Adam":  # which scales the rounding errors of biases before a batch norm
        low = [t.config.model_copy(update={"learning_rate": 1e-4}) for t in trials]
        trials = [t.model_copy(update={"config": c}) for t, c in zip(trials, low, strict=True)]
    together = run(trials, images, tmp_path / "fused", validation="test")
    assert together.order == [["t0", "t1", "t2"]] * 2
    for trial in trials:
        alone = run([trial], images, tmp_path / "alone", validation="test")
        for key, row in alone.rows.items():
            nearly_equal(together.rows[key], row, len(images.test_labels))
        plain, taken = (state(tmp_path / d / trial.id) for d in ("alone", "fused"))
        assert list(plain) == list(taken)
        for name, value in plain.items():
            assert taken[name].shape == value.shape
            if "running" in name and optimizer == "SGD":
                torch.testing.assert_close(taken[name], value, rtol=0.05, atol=0.05)


def test_a_resumed_group_gives_the_numbers_of_an_uninterrupted_one(
    images: ImageData, tmp_path: Path
) -> None:
    trials = group(3, epochs=3, model="Tutorial", momentum=0.9, dropout_p=0.2)
    whole = run(trials, images, tmp_path / "whole")
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        run(trials, images, tmp_path / "cut", callbacks=(CutOff(),))
    rest = run(trials, images, tmp_path / "cut")
    assert all(row == whole.rows[key] for key, row in rest.rows.items())
    for trial in trials:
        one, other = (state(tmp_path / d / trial.id) for d in ("whole", "cut"))
        assert all(torch.equal(one[name], value) for name, value in other.items())


def test_a_trial_of_a_group_goes_on_alone_and_back(images: ImageData, tmp_path: Path) -> None:
    trials = group(3, epochs=3, model="Tutorial", momentum=0.9)
    whole = run(trials, images, tmp_path / "whole")
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        run(trials[:1], images, tmp_path / "cut", callbacks=(CutOff(),))
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        run(trials[1:], images, tmp_path / "cut", callbacks=(CutOff(),))
    run(trials[1:2], images, tmp_path / "cut")
    rest = run([trials[0], trials[2]], images, tmp_path / "cut")
    assert rest.order == [["t0", "t2"]] * 2
    ended = run(trials[1:2], images, tmp_path / "cut")
    for report, trial in ((rest, trials[0]), (ended, trials[1]), (rest, trials[2])):
        nearly_equal(report.rows[trial.id, 3], whole.rows[trial.id, 3], 100)


def test_networks_that_differ_are_trained_alone_and_said(
    images: ImageData, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trials = [
        Trial(id=f"t{s}", config=TrialConfig(model="Unlike", seed=s, epochs=1)) for s in (0, 1)
    ]
    with caplog.at_level(logging.WARNING):
        report = run(trials, images, tmp_path)
    assert report.order == [["t0"], ["t1"]]
    assert "2 trials are trained alone: the networks of its trials differ" in caplog.text
