"""A trial ends when its score has not improved for a while, alone and in a group."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.group_run import CutOff, Report, run
from tests.support.sweep_files import load, mistakes
from tune_mc1.config.parameters import Constant
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.data.images import ImageData

TINY = 1e-12  # with this learning rate nothing improves


def trial(name: str, rate: float, patience: int = 2, epochs: int = 6) -> Trial:
    config = TrialConfig(
        model="CNN_simple", learning_rate=rate, early_stopping_patience=patience, epochs=epochs
    )
    return Trial(id=name, config=config)


def epochs(report: Report, name: str) -> list[int]:
    return [epoch for (of, epoch) in report.rows if of == name]


END = {
    "trial": "t0",
    "state": "stopped",
    "error": "early stopping: val_acc has not improved for 2 epochs",
}


def test_a_trial_without_progress_is_stopped(images: ImageData, tmp_path: Path) -> None:
    alone = run([trial("t0", TINY)], images, tmp_path / "alone")
    assert epochs(alone, "t0") == [1, 2, 3]
    assert alone.ends == [END]
    three = [trial("t0", TINY), trial("t1", 0.02, patience=5), trial("t2", TINY, patience=0)]
    together = run(three, images, tmp_path / "together")
    assert epochs(together, "t0") == [1, 2, 3]
    assert epochs(together, "t1") == epochs(together, "t2") == [1, 2, 3, 4, 5, 6]
    assert together.ends == [END]


def test_its_last_epoch_completes_it(images: ImageData, tmp_path: Path) -> None:
    whole = run([trial("t0", TINY, epochs=3)], images, tmp_path)
    assert epochs(whole, "t0") == [1, 2, 3]
    assert whole.ends == []


def test_patience_goes_on_where_it_was(images: ImageData, tmp_path: Path) -> None:
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        run([trial("t0", TINY)], images, tmp_path, callbacks=(CutOff(),))
    rest = run([trial("t0", TINY)], images, tmp_path)
    assert (epochs(rest, "t0"), rest.ends) == ([2, 3], [END])


def test_a_sweep_file_has_a_key_for_it(tmp_path: Path) -> None:
    def read(keys: str) -> Any:
        return load(tmp_path / "sweep.yaml", f"{keys}\nparameters: {{seed: {{value: 1}}}}")

    parameters = read("early_stopping: {patience: 4}").sweep.parameters
    assert parameters["early_stopping_patience"] == Constant(value=4)

    def refused(keys: str) -> str:
        (line,) = mistakes(tmp_path / "sweep.yaml", f"{keys}\nparameters: {{seed: {{value: 1}}}}")
        return line.partition(": ")[2]

    example = "must be a mapping such as `{patience: 5}`"
    assert refused("early_stopping: 4") == f"early_stopping: {example}, got 4"
    assert refused("early_stopping: {patience: 0}") == (
        "early_stopping.patience: must be a whole number of epochs, got 0"
    )
    assert refused("early_stopping: {patience: 1, delta: 2}").startswith(
        "early_stopping.delta: unknown key"
    )
