"""On a GPU: resumed trials, and the numbers of a CPU and of trials alone."""

from pathlib import Path

import pytest

from tests.support.group_run import CutOff, Report, group, nearly_equal, run
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.validation import Holdout
from tune_mc1.data.images import ImageData
from tune_mc1.training.run_trials import run_trials, score_test

pytestmark = pytest.mark.gpu


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
@pytest.mark.parametrize("schedule", ["constant", "linear"])
def test_a_trial_is_resumed(
    images: ImageData, tmp_path: Path, count: int, optimizer: str, schedule: str
) -> None:
    trials = group(count, model="CNN", optimizer=optimizer, lr_schedule=schedule, momentum=0.0)
    straight = run(trials, images, tmp_path / "straight")
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        run(trials, images, tmp_path / "cut", callbacks=(CutOff(),))
    again = run(trials, images, tmp_path / "cut")
    last = {key: row for key, row in straight.rows.items() if key[1] >= 2}
    assert last == {key: row for key, row in again.rows.items() if key[1] >= 2}


def test_a_trial_of_a_gpu_goes_on_on_a_cpu(images: ImageData, tmp_path: Path) -> None:
    trial = Trial(id="t", config=TrialConfig(model="CNN", optimizer="Adam", epochs=2))
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        run([_longer(trial)], images, tmp_path, callbacks=(CutOff(),))
    report = Report()
    run_trials(
        [_longer(trial)],
        images,
        Holdout(holdout=0.2),
        checkpoints=tmp_path.joinpath,
        report=report,
        gpu=False,
    )
    assert report.rows["t", 3]["device_name"] == "cpu"
    scores = [
        score_test(trial, images, tmp_path / "t" / "last.ckpt", gpu=gpu)[0] for gpu in (True, False)
    ]
    assert scores[0]["test_acc"] == pytest.approx(scores[1]["test_acc"], abs=0.01)


def _longer(trial: Trial) -> Trial:
    return trial.model_copy(update={"config": trial.config.model_copy(update={"epochs": 3})})


@pytest.mark.parametrize("schedule", ["constant", "linear"])
def test_gpu_and_cpu_agree(images: ImageData, tmp_path: Path, schedule: str) -> None:
    trials = group(1, epochs=2, model="CNN", lr_schedule=schedule)
    on_gpu = run(trials, images, tmp_path / "gpu")
    on_cpu = Report()
    run_trials(
        trials,
        images,
        Holdout(holdout=0.2),
        checkpoints=(tmp_path / "cpu").joinpath,
        report=on_cpu,
        gpu=False,
    )
    for key, row in on_gpu.rows.items():
        assert row.pop("device_name") != on_cpu.rows[key].pop("device_name") == "cpu"
        nearly_equal(row, on_cpu.rows[key], 10)


@pytest.mark.parametrize("schedule", ["constant", "linear"])
def test_fused_and_alone_agree(images: ImageData, tmp_path: Path, schedule: str) -> None:
    trials = group(4, epochs=2, model="CNN", lr_schedule=schedule)
    fused = run(trials, images, tmp_path / "fused")
    for trial in trials:
        alone = run([trial], images, tmp_path / "alone")
        for key, row in alone.rows.items():
            nearly_equal(fused.rows[key], row, 10)
