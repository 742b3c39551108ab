"""A checkpoint is data: code in one does not run, wherever it is read."""

import os
import pickle
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.validation import Holdout
from tune_mc1.data.images import ImageData
from tune_mc1.results.directory import BEST, LAST
from tune_mc1.training.checkpoints import last_state, read_checkpoint
from tune_mc1.training.last_checkpoint import epochs_done
from tune_mc1.training.run_trials import run_trials, score_test


class Touch:
    """Makes a file when it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.file),)


@pytest.mark.parametrize("form", ["torch", "pickle"])
def test_code_in_a_checkpoint_does_not_run(tmp_path: Path, images: ImageData, form: str) -> None:
    owned = tmp_path / "owned"
    content = {"epoch": 0, "state_dict": {}, "callbacks": Touch(owned)}
    folder = tmp_path / "t0001"
    folder.mkdir()
    for name in (LAST, BEST):
        if form == "torch":
            torch.save(content, folder / name)
        else:
            (folder / name).write_bytes(pickle.dumps(content))
    trial = Trial(id="t0001", config=TrialConfig(epochs=1))
    for read in (
        lambda: read_checkpoint(folder / LAST),
        lambda: last_state(folder),
        lambda: score_test(trial, images, folder / BEST),
    ):
        with pytest.raises((pickle.UnpicklingError, RuntimeError), match=r"Weights only|magic"):
            read()
    assert not owned.exists()
    evil = (folder / LAST).read_bytes()
    assert epochs_done(folder) == 0  # it is taken for a damaged one
    epochs: list[int] = []

    def report(rows: Sequence[dict[str, Any]], ends: Sequence[Any] = ()) -> tuple[str, ...]:
        epochs.extend(row["epoch"] for row in rows)
        return ()

    run_trials([trial], images, Holdout(), checkpoints=lambda _: folder, report=report)
    assert epochs == [1]
    assert not owned.exists()
    (folder / LAST).write_bytes(evil)
    if form == "torch":
        torch.load(folder / LAST, weights_only=False)
    else:
        pickle.loads((folder / LAST).read_bytes())
    assert owned.exists()  # so there was something to be kept from running


def test_nothing_else_reads_pickles() -> None:
    """`torch.load` and `pickle` stand where they are known to be safe, and nowhere else."""
    source = Path(__file__).parents[2] / "tune_mc1"
    users = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        if re.search(r"^ *import pickle|torch\.load\(|yaml\.load\(", path.read_text(), re.MULTILINE)
    }
    # CIFAR-10's own files by an unpickler for arrays alone; Ray's file of its own error
    assert users == {
        "training/checkpoints.py",
        "data/cifar10_files.py",
        "running/callbacks/recorder.py",
    }
    assert "weights_only=True" in (source / "training/checkpoints.py").read_text()
