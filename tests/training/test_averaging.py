"""Averaged weights and clipped gradients: timm and PyTorch are the oracles."""

from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch.callbacks import Callback
from torch import nn

from tests.support import one_trial
from tests.support.group_run import (
    CutOff,
    Row,
    check_parting_and_joining,
    nearly_equal,
    run,
    state,
)
from tests.support.one_trial import few
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.data.images import ImageData
from tune_mc1.training.averaging import TRAINED, AveragedWeights
from tune_mc1.training.clipping import gradient_clip
from tune_mc1.training.run_trials import score_test


@pytest.mark.parametrize("warmup", [False, True])
def test_averages_are_those_of_timm(warmup: bool) -> None:
    utils = pytest.importorskip("timm.utils")
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    theirs = utils.ModelEmaV3(model, decay=0.9, use_warmup=warmup)
    mine = AveragedWeights([TrialConfig(ema_decay=0.9, ema_warmup=warmup)], model, fused=False)
    for step in range(1, 40):
        for parameter in model.parameters():
            parameter.data.add_(torch.randn_like(parameter))
        model(torch.randn(5, 3))
        theirs.update(model, step=step)
        mine.update(step)
    for name, value in theirs.module.state_dict().items():
        assert torch.allclose(mine.state[name], value, rtol=1e-5, atol=1e-6), name
    inputs = torch.randn(5, 3)
    model.eval()
    assert torch.allclose(mine(inputs), theirs.module.eval()(inputs), atol=1e-5)


def test_gradients_are_clipped_as_by_pytorch() -> None:
    configs = [TrialConfig(clip_grad=limit) for limit in (0.1, None, 100.0, 2.0)]
    generator = torch.Generator().manual_seed(0)
    stacked = [nn.Parameter(torch.zeros(4, *shape)) for shape in ((3, 2), (5,))]
    for parameter in stacked:
        parameter.grad = torch.randn(parameter.shape, generator=generator)
    before = [p.grad.clone() for p in stacked]  # type: ignore[union-attr]
    clip = gradient_clip(configs, fused=True)
    assert clip is not None
    clip(stacked)
    for i, config in enumerate(configs):
        alone = [nn.Parameter(torch.zeros_like(grad[i])) for grad in before]
        for parameter, grad in zip(alone, before, strict=True):
            parameter.grad = grad[i].clone()
        if config.clip_grad is not None:
            torch.nn.utils.clip_grad_norm_(alone, config.clip_grad)
        for parameter, fused in zip(alone, stacked, strict=True):
            assert torch.allclose(fused.grad[i], parameter.grad)  # type: ignore[index,arg-type]
    assert torch.equal(stacked[0].grad[1], before[0][1])  # type: ignore[index]
    assert gradient_clip([TrialConfig()], fused=False) is None


class _Copies(Callback):
    """Averages the weights after each macro-batch's last step: each epoch is one."""

    def __init__(self) -> None:
        self.weights: list[dict[str, torch.Tensor]] = []

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        self.weights.append({n: v.clone() for n, v in pl_module.model.state_dict().items()})


def test_validation_and_checkpoints_have_the_averages(images: ImageData, tmp_path: Path) -> None:
    """One step an epoch, so that the weights of all steps are seen."""
    copies, part = _Copies(), few(images)
    config = TrialConfig(
        model="CNN_simple",
        batch_norm=True,
        epochs=5,
        batch_size=64,
        learning_rate=0.05,
        ema_decay=0.6,
    )
    trial = Trial(id="t0", config=config)
    ran = run([trial], part, tmp_path, validation="test", callbacks=(copies,))
    expected = copies.weights[0]
    for weights in copies.weights[1:]:
        for name, value in weights.items():
            expected[name] = torch.lerp(expected[name].double(), value.double(), 0.4)
    saved = torch.load(tmp_path / "t0" / "last.ckpt", weights_only=True)
    for name, value in expected.items():
        if value.dtype == torch.float64 and "tracked" not in name:
            assert torch.allclose(saved["state_dict"][f"model.{name}"].double(), value, atol=1e-6)
            assert torch.equal(saved[TRAINED][f"model.{name}"], copies.weights[-1][name])
    assert int(saved["state_dict"]["model.layers.conv1_norm.num_batches_tracked"]) == 5
    last = ran.rows["t0", 5]
    score, _ = score_test(trial, part, tmp_path / "t0" / "last.ckpt")
    assert score["test_loss"] == pytest.approx(last["val_loss"], rel=1e-6)
    without = with_(trial, ema_decay=0.0)
    plain = run([without], part, tmp_path / "plain", validation="test").rows["t0", 5]
    assert plain["train_loss"] == last["train_loss"]
    assert plain["val_loss"] != pytest.approx(last["val_loss"], rel=1e-3)


def with_(trial: Trial, **parameters: Any) -> Trial:
    config = TrialConfig(**{**trial.config.model_dump(), **parameters})
    return trial.model_copy(update={"config": config})


SETTINGS: list[dict[str, Any]] = [
    {"ema_decay": 0.9, "ema_warmup": True, "clip_grad": 0.5},
    {},
    {"ema_decay": 0.99, "lr_schedule": "cosine", "warmup_epochs": 0.5, "label_smoothing": 0.1},
]


def trials(count: int = 3, **parameters: Any) -> list[Trial]:
    common = {"model": "CNN_simple", "epochs": 4, "momentum": 0.5, "nesterov": True, **parameters}
    return [
        Trial(id=f"t{i}", config=TrialConfig(learning_rate=0.01, weight_decay=0.01, **common, **s))
        for i, s in enumerate(SETTINGS[:count])
    ]


def test_fused_trials_have_the_numbers_of_trials_alone(images: ImageData, tmp_path: Path) -> None:
    """Also those that go on alone from a group's checkpoints, and the other way round."""

    def check(one: Row, other: Row) -> None:
        assert other["val_loss"] == pytest.approx(one["val_loss"], rel=1e-2)

    fused = check_parting_and_joining(trials(), images, tmp_path, check)
    for trial in trials():
        for key, row in run([trial], images, tmp_path / "alone").rows.items():
            nearly_equal(fused.rows[key], row, 100)
            check(fused.rows[key], row)


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("optimizer", ["SGD", "AdamW"])
def test_a_resumed_trial_gives_the_numbers_of_an_uncut_one(
    images: ImageData, tmp_path: Path, count: int, optimizer: str
) -> None:
    common: dict[str, Any] = {"optimizer": optimizer, "batch_norm": True}
    if optimizer == "AdamW":
        common |= {"momentum": 0.0, "nesterov": None, "filter_bias_and_bn": True}
    whole = run(trials(count, **common), images, tmp_path / "whole")
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        run(trials(count, **common), images, tmp_path / "cut", callbacks=(CutOff(),))
    rest = run(trials(count, **common), images, tmp_path / "cut")
    assert {k: r for k, r in rest.rows.items() if k[1] > 2} == {
        k: r for k, r in whole.rows.items() if k[1] > 2
    }
    for trial in trials(count):
        weights = state(tmp_path / "cut" / trial.id)
        for name, value in state(tmp_path / "whole" / trial.id).items():
            assert torch.equal(value, weights[name]), name


def test_a_group_that_loses_a_trial_goes_on(images: ImageData, tmp_path: Path) -> None:
    whole = run(trials(), images, tmp_path / "whole")
    cut = run(trials(), images, tmp_path / "cut", stop={"t1"})
    for key, row in cut.rows.items():
        nearly_equal(row, whole.rows[key], 100)
    assert ("t1", 2) not in cut.rows
    assert ("t2", 4) in cut.rows


def test_the_test_scores_the_averaged_weights(images: ImageData, tmp_path: Path) -> None:
    """On the images that validated it, the last checkpoint has the score of its epoch."""
    kept = one_trial.run(images, tmp_path, "test", model="CNN", epochs=2, ema_decay=0.9)
    config = TrialConfig(model="CNN", epochs=2, learning_rate=0.03, ema_decay=0.9)
    scores, _ = score_test(Trial(id="t0001", config=config), images, tmp_path / "last.ckpt")
    assert scores["test_acc"] == pytest.approx(kept[-1]["val_acc"], abs=1e-6)
    assert scores["test_loss"] == pytest.approx(kept[-1]["val_loss"], rel=1e-5)
