"""A group that was cut off goes on, as a whole or with some of its trials."""

from pathlib import Path

import pytest
import torch

from tests.support.group_run import CutOff, group, nearly_equal, run, state
from tune_mc1.data.images import ImageData


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_a_resumed_group_gives_the_numbers_of_an_uninterrupted_one(
    images: ImageData, tmp_path: Path, optimizer: str
) -> None:
    parameters = {"optimizer": optimizer, "momentum": 0.9 if optimizer == "SGD" else 0.0}
    whole = run(group(epochs=4, **parameters), images, tmp_path / "whole")
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        run(group(epochs=4, **parameters), images, tmp_path / "cut", callbacks=(CutOff(),))
    rest = run(group(epochs=4, **parameters), images, tmp_path / "cut")
    assert {epoch for _, epoch in rest.rows} == {2, 3, 4}
    assert all(row == whole.rows[key] for key, row in rest.rows.items())
    for trial in group():
        one, other = (state(tmp_path / d / trial.id) for d in ("whole", "cut"))
        assert all(torch.equal(one[name], value) for name, value in other.items())


def test_a_trial_of_a_group_goes_on_alone_and_back(images: ImageData, tmp_path: Path) -> None:
    whole = run(group(epochs=3, momentum=0.9), images, tmp_path / "whole")
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        run(group(epochs=3, momentum=0.9), images, tmp_path / "cut", callbacks=(CutOff(),))
    trials = group(epochs=3, momentum=0.9)
    run(trials[:1], images, tmp_path / "cut")  # to its end: the others are an epoch behind it
    rest = run(trials, images, tmp_path / "cut")
    assert rest.order == [["t1", "t2", "t3"]] * 2 + [["t0"]], "two parts, each in step"
    for trial in trials:
        nearly_equal(rest.rows[trial.id, 3], whole.rows[trial.id, 3], 100)


def test_a_resumed_group_may_lose_a_trial_at_once(images: ImageData, tmp_path: Path) -> None:
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        run(group(), images, tmp_path, callbacks=(CutOff(),))
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
