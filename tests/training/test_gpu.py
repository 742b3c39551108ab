"""On a GPU: trials train, resume and agree with a CPU."""

from pathlib import Path

import pytest

from tests.support import mid_epoch
from tests.support.group_run import CutOff, Report, group, nearly_equal, run
from tests.support.recorded_steps import same_runs
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.validation import Holdout
from tune_mc1.data.images import ImageData
from tune_mc1.training.run_trials import run_trials, score_test

pytestmark = pytest.mark.gpu

OUTSIDE = [
    "torchvision:alexnet",
    "torchvision:mobilenet_v3_small",
    "torchvision:densenet121",
    "torchvision:swin_t",
    "timm:vit_tiny_patch16_224",
    "timm:efficientnet_b0",
    "timm:regnetx_002",
    "timm:mixer_s32_224",
]
"""Networks of both libraries, of all families."""


@pytest.mark.parametrize("model", OUTSIDE)
def test_networks_of_libraries_train(images: ImageData, tmp_path: Path, model: str) -> None:
    pytest.importorskip("timm")
    size = 224 if model.endswith("224") else 64
    trials = group(1, epochs=2, model=model, image_size=size, optimizer="AdamW")
    report = run(trials, images, tmp_path)
    assert report.rows["t0", 2]["device_name"] != "cpu"


def test_half_precision_is_scaled(images: ImageData, tmp_path: Path) -> None:
    trials = group(1, epochs=3, model="CNN", precision="16-mixed", clip_grad=1.0)
    report = run(trials, images, tmp_path)
    assert report.rows["t0", 3]["train_loss"] < report.rows["t0", 1]["train_loss"]


@pytest.mark.parametrize("compiled", [False, True])
def test_a_trial_gives_the_same_numbers_again(
    images: ImageData, tmp_path: Path, compiled: bool
) -> None:
    trials = group(1, model="CNN", torch_compile=compiled)
    once, again = (run(trials, images, tmp_path / name) for name in "ab")
    same_runs(once, again, trials, (tmp_path / "a", tmp_path / "b"))


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


@pytest.mark.parametrize("seeds", [(0,), (0, 0, 0), (0, 1, 2)])
@pytest.mark.parametrize("model", ["CNN_simple", "CNN8"])
def test_a_trial_goes_on_within_its_epoch(
    images: ImageData, tmp_path: Path, seeds: tuple[int, ...], model: str
) -> None:
    """Its step is recorded anew then, after a few that are done operation by operation."""
    options = {"dropout_p": 0.5} if model == "CNN8" else {}
    trials = [
        Trial(id=t.id, config=t.config.model_copy(update={"seed": seed}))
        for t, seed in zip(
            group(len(seeds), epochs=2, model=model, momentum=0.9, batch_size=8, **options),
            seeds,
            strict=True,
        )
    ]
    whole = mid_epoch.run(trials, images, tmp_path / "whole")
    for place in (2, 40, 70):
        mid_epoch.cut(trials, images, tmp_path / "cut", place)
    found = mid_epoch.run(trials, images, tmp_path / "cut").rows
    assert found == {key: row for key, row in whole.rows.items() if key in found}
    mid_epoch.same(tmp_path / "whole", tmp_path / "cut", trials)


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
