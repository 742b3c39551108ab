"""On a GPU: recorded steps give the numbers of steps done one operation at a time, bit for bit."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.support.gpu_networks import registered_parts
from tests.support.group_run import group, run, state
from tests.support.recorded_steps import record_nothing, same_runs, spy_on_recording
from tune_mc1.data.images import ImageData
from tune_mc1.training.steps import BY_OPERATION, GraphSteps

pytestmark = pytest.mark.gpu

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
    "user's network": (1, {"model": "tests.support.gpu_networks:Plain"}),
    "users' networks": (3, {"model": "tests.support.gpu_networks:Plain"}),
    "torchvision": (1, {"model": "torchvision:resnet18", "batch_size": 64}),
    "timm": (1, {"model": "timm:convnext_atto", "optimizer": "AdamW", "batch_size": 64}),
    "alone, clipped": (1, {"model": "CNN", "clip_grad": 0.5}),
    "group, clipped": (3, {"model": "CNN", "clip_grad": 0.5}),
    "alone, averaged": (1, {"model": "CNN", "batch_norm": True, "ema_decay": 0.9}),
    "group, averaged": (3, {"model": "CNN", "batch_norm": True, "ema_decay": 0.9}),
    "alone, compiled": (1, {"model": "CNN5", "torch_compile": True}),
    "alone, compiled, dropout": (
        1,
        {"model": "CNN8", "dropout_p": 0.5, "batch_size": 64, "torch_compile": True},
    ),
    "own network, compiled": (
        1,
        {"model": "tests.support.gpu_networks:Plain", "torch_compile": True},
    ),
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
            "normalize": "imagenet",
            "precision": "bf16-mixed",
            "drop_last": True,
        },
    ),
}
"""Number of trials, and their parameters."""


@pytest.fixture(autouse=True)
def parts() -> Iterator[None]:
    with registered_parts():
        yield


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[GraphSteps]:
    """The steps that were recorded, once they are."""
    return spy_on_recording(monkeypatch)


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
    record_nothing(monkeypatch)
    eager = run(trials, images, tmp_path / "eager")
    assert len(recorded) == 1
    same_runs(replayed, eager, trials, (tmp_path / "replayed", tmp_path / "eager"))


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
        ({"model": "tests.support.gpu_networks:Normed"}, "LayerNorm"),
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
    record_nothing(monkeypatch)
    eager = run(trials, images, tmp_path / "eager")
    same_runs(refused, eager, trials, (tmp_path / "refused", tmp_path / "eager"))


def test_a_group_is_recorded_again_when_a_trial_leaves(
    images: ImageData, tmp_path: Path, recorded: list[GraphSteps], monkeypatch: pytest.MonkeyPatch
) -> None:
    trials = group(4, model="CNN", momentum=0.9)
    replayed = run(trials, images, tmp_path / "replayed", stop=["t1"])
    assert len(recorded) == 2
    record_nothing(monkeypatch)
    eager = run(trials, images, tmp_path / "eager", stop=["t1"])
    same_runs(replayed, eager, trials, (tmp_path / "replayed", tmp_path / "eager"))
