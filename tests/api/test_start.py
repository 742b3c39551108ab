"""Sweeps that Python starts: in a process of their own, stopped and continued, refused."""

import time
from pathlib import Path

import pytest

import tune_mc1
from tests.support.api_sweeps import content
from tests.support.data_digits import write_folders


def test_what_is_wrong_is_raised_as_the_command_says_it(tmp_path: Path) -> None:
    bad = {"parameters": {"learning_rat": {"values": [0.1]}, "epochs": {"value": 0}}}
    with pytest.raises(tune_mc1.InputError) as raised:
        tune_mc1.sweep("grid", bad, data="shapes10")
    assert raised.value.problems == [
        "parameters.learning_rat: unknown parameter, did you mean 'learning_rate'?",
        "parameters.epochs.value: must be at least 1, got 0",
    ]
    with pytest.raises(tune_mc1.InputError, match="no such option: --nothing"):
        tune_mc1.sweep("grid", nothing=3)
    with pytest.raises(tune_mc1.InputError, match="submitted over http"):
        tune_mc1.sweep("grid", address="http://head:8265")
    with pytest.raises(tune_mc1.InputError, match="dry_run: is an option of the command alone"):
        tune_mc1.sweep("grid", dry_run=True)
    with pytest.raises(tune_mc1.InputError, match="must be plain data"):
        tune_mc1.sweep("grid", {"parameters": {"lr": {"values": [object()]}}})
    assert list(tmp_path.iterdir()) == []


def test_a_sweep_runs_beside_python_and_is_stopped_and_continued(tmp_path: Path) -> None:
    images = write_folders(tmp_path / "digits", count=120)
    sweep = tune_mc1.sweep(
        *("grid", content(images, epochs=2000)),
        output=tmp_path / "out",
        wandb="disabled",
        fuse="off",
        max_concurrent=1,
        block=False,
    )
    other = tune_mc1.open(sweep.directory)
    assert (sweep.status, other.status) == ("running", "running")
    assert sweep.wait(timeout=0.1, progress=False) is sweep
    deadline = time.monotonic() + 120
    while other.history.empty and time.monotonic() < deadline:
        time.sleep(0.2)
    other.stop()
    assert (sweep.status, other.status) == ("interrupted", "interrupted")
    before = len(other.history)
    assert before
    with pytest.raises(tune_mc1.InputError, match="epochs: was 2000, is 3"):
        tune_mc1.sweep("grid", resume=other, set={"epochs": 3}, wandb="disabled")
    again = tune_mc1.sweep("grid", resume=other, wandb="disabled", block=False)
    assert again.directory == sweep.directory
    again.stop()
    assert again.status == "interrupted"
    assert len(again.history) >= before
