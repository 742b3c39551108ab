"""On a GPU: recorded steps give the numbers of steps done one operation at a time, bit for bit."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

import tune_mc1.training.module
from tests.support.gpu_networks import one_epoch
from tests.support.group_run import Report, group, run, state
from tests.support.plugins import registered
from tune_mc1.config.architectures import ARCHITECTURES, Architecture
from tune_mc1.config.lr_schedules import LR_SCHEDULES
from tune_mc1.config.optimizers import OPTIMIZERS, Optimizer
from tune_mc1.config.trial import Trial
from tune_mc1.data.images import ImageData
from tune_mc1.training.steps import BY_OPERATION, GraphSteps, Steps

pytestmark = pytest.mark.gpu

NETWORKS = "tests.support.gpu_networks"

CASES: dict[str, tuple[int, dict[str, Any]]] = {
    "alone": (1, {"model": "CNN"}),
    "alone, Adam": (1, {"model": "CNN", "optimizer": "Adam", "batch_norm": True}),
    "alone, dropout": (1, {"model": "CNN8", "dropout_p": 0.5, "batch_size": 64}),
    "group": (4, {"model": "CNN", "momentum": 0.9}),
    "group, Adam": (4, {"model": "CNN", "optimizer": "AdamW", "batch_norm": True}),
    "group, dropout": (2, {"model": "CNN8", "dropout_p": 0.5, "batch_size": 64}),
    "group, bf16": (3, {"model": "CNN5", "precision": "bf16-mixed"}),
    "alone, schedule": (1, {"model": "CNN", "momentum": 0.9, "lr_schedule": "linear"}),
    "alone, Adam, schedule": (1, {"model": "CNN", "optimizer": "Adam", "lr_schedule": "linear"}),
    "group, schedule": (3, {"model": "CNN", "momentum": 0.9, "lr_schedule": "linear"}),
    "group, AdamW, schedule": (
        3,
        {"model": "CNN", "optimizer": "AdamW", "lr_schedule": "linear"},
    ),
    "alone, augmented": (1, {"model": "CNN", "augment": "flip"}),
    "group, augmented": (4, {"model": "CNN", "momentum": 0.9, "augment": "flip"}),
    "own network": (1, {"model": "Mine"}),
    "user's network": (1, {"model": f"{NETWORKS}:Plain"}),
    "users' networks": (3, {"model": f"{NETWORKS}:Plain"}),
    "torchvision": (1, {"model": "torchvision:resnet18", "batch_size": 64}),
    "timm": (1, {"model": "timm:convnext_atto", "optimizer": "AdamW", "batch_size": 64}),
    "alone, clipped": (1, {"model": "CNN", "clip_grad": 0.5}),
    "group, clipped": (3, {"model": "CNN", "clip_grad": 0.5}),
    "alone, averaged": (1, {"model": "CNN", "batch_norm": True, "ema_decay": 0.9}),
    "group, averaged": (3, {"model": "CNN", "batch_norm": True, "ema_decay": 0.9}),
    "alone, recipe": (
        1,
        {
            "model": "Airbench",
            "arguments": {"filters": [8, 16, 16]},
            "weights_init_type": "dirac",
            "nesterov": True,
            "momentum": 0.85,
            "lr_schedule": "linear",
            "warmup_epochs": 0.5,
            "filter_bias_and_bn": True,
            "norm_bias_lr_factor": 64.0,
            "label_smoothing": 0.2,
            "augment": "flip_alternate+crop",
            "normalize": "dataset",
            "precision": "bf16-mixed",
            "drop_last": True,
        },
    ),
}
"""Number of trials, and their parameters."""

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


@pytest.fixture(autouse=True)
def parts() -> Iterator[None]:
    """Schedules, a network and an optimiser of another package."""
    own = Architecture(build=f"{NETWORKS}:build", recordable=True)
    with (
        registered(LR_SCHEDULES, "one_epoch", one_epoch),
        registered(ARCHITECTURES, "Mine", own),
        registered(ARCHITECTURES, "Unsaid", replace(own, recordable=False)),
        registered(ARCHITECTURES, "Waits", replace(own, build=f"{NETWORKS}:build_waiting")),
        registered(OPTIMIZERS, "Rprop", Optimizer(f"{NETWORKS}:build_rprop")),
    ):
        yield


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[GraphSteps]:
    """The steps that were recorded, once they are."""
    found: list[GraphSteps] = []
    record = GraphSteps._record

    def spy(steps: GraphSteps, *batch: Any) -> Any:
        found.append(steps)
        return record(steps, *batch)

    monkeypatch.setattr(GraphSteps, "_record", spy)
    return found


def _eager(model: Any, loss_of: Any, optimizer: Any, _: Any, clip: Any = None) -> Steps:
    return Steps(model, loss_of, optimizer, clip)


def _same(one: Report, other: Report, trials: list[Trial], folders: tuple[Path, Path]) -> None:
    assert one.rows == other.rows
    for trial in trials:
        first, second = (state(folder / trial.id) for folder in folders)
        for name, value in first.items():
            assert torch.equal(value, second[name]), name


@pytest.mark.parametrize("case", CASES)
def test_recorded_steps_are_the_steps(
    case: str,
    images: ImageData,
    tmp_path: Path,
    recorded: list[GraphSteps],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    count, parameters = CASES[case]
    trials = group(count, epochs=2, **parameters)
    replayed = run(trials, images, tmp_path / "replayed")
    assert len(recorded) == 1
    monkeypatch.setattr(tune_mc1.training.module, "GraphSteps", _eager)
    eager = run(trials, images, tmp_path / "eager")
    assert len(recorded) == 1
    _same(replayed, eager, trials, (tmp_path / "replayed", tmp_path / "eager"))


@pytest.mark.parametrize("optimizer", ["SGD", "Adam", "AdamW"])
@pytest.mark.parametrize("count", [1, 3])
def test_a_recorded_step_has_the_rate_of_its_schedule(
    images: ImageData, tmp_path: Path, recorded: list[GraphSteps], count: int, optimizer: str
) -> None:
    """It is recorded while the rate is above 0, and moves no weight once it is 0."""
    trials = group(count, epochs=2, model="CNN", optimizer=optimizer, lr_schedule="one_epoch")
    report = run(trials, images, tmp_path)
    assert len(recorded) == 1
    for trial in trials:
        first = state(tmp_path / trial.id, "previous.ckpt")
        for name, value in state(tmp_path / trial.id).items():
            assert torch.equal(value, first[name]), name
        assert report.rows[trial.id, 1]["learning_rate"] == trial.config.learning_rate
        assert report.rows[trial.id, 2]["learning_rate"] == 0


@pytest.mark.parametrize(
    ("parameters", "why"),
    [
        ({"optimizer": "Rprop"}, "the optimiser Rprop"),
        ({"model": "Unsaid"}, "the network Unsaid"),
        ({"model": f"{NETWORKS}:Normed"}, "LayerNorm"),
    ],
)
def test_what_cannot_be_recorded_runs_step_by_step(
    images: ImageData,
    tmp_path: Path,
    recorded: list[GraphSteps],
    parameters: dict[str, Any],
    why: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    trials = group(1, epochs=2, lr_schedule="linear", **parameters)
    with caplog.at_level("INFO"):
        report = run(trials, images, tmp_path)
    assert not recorded
    assert report.rows["t0", 2]["train_loss"] < report.rows["t0", 1]["train_loss"]
    (line,) = [text for text in caplog.messages if text.startswith(BY_OPERATION)]
    assert why in line


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_a_refused_recording_goes_on_step_by_step(
    images: ImageData,
    tmp_path: Path,
    recorded: list[GraphSteps],
    optimizer: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trials = group(1, epochs=3, model="Waits", optimizer=optimizer, lr_schedule="linear")
    with caplog.at_level("INFO"):
        refused = run(trials, images, tmp_path / "refused")
    assert len(recorded) == 1
    assert sum(text.startswith(BY_OPERATION) for text in caplog.messages) == 1
    monkeypatch.setattr(tune_mc1.training.module, "GraphSteps", _eager)
    eager = run(trials, images, tmp_path / "eager")
    _same(refused, eager, trials, (tmp_path / "refused", tmp_path / "eager"))


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


def test_a_trial_gives_the_same_numbers_again(images: ImageData, tmp_path: Path) -> None:
    trials = group(1, model="CNN")
    once, again = (run(trials, images, tmp_path / name) for name in "ab")
    _same(once, again, trials, (tmp_path / "a", tmp_path / "b"))


def test_a_group_is_recorded_again_when_a_trial_leaves(
    images: ImageData, tmp_path: Path, recorded: list[GraphSteps], monkeypatch: pytest.MonkeyPatch
) -> None:
    trials = group(4, model="CNN", momentum=0.9)
    replayed = run(trials, images, tmp_path / "replayed", stop=["t1"])
    assert len(recorded) == 2
    monkeypatch.setattr(tune_mc1.training.module, "GraphSteps", _eager)
    eager = run(trials, images, tmp_path / "eager", stop=["t1"])
    _same(replayed, eager, trials, (tmp_path / "replayed", tmp_path / "eager"))
