"""Networks that are trained in part, and layers at rates of their own; timm is the oracle."""

import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from tests.support.group_run import CutOff, Report, group, nearly_equal, run, state
from tests.support.one_trial import HELD_OUT, count_backbone_images, few
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.data.images import ImageData
from tune_mc1.models.blocks import blocks_of, rate_scales
from tune_mc1.models.build import build_model
from tune_mc1.models.freezing import FreezeError
from tune_mc1.models.fused import FusedClassifier
from tune_mc1.models.probe import network_problems
from tune_mc1.training.optimizers.parts import parts_of
from tune_mc1.training.run_trials import run_trials, score_test

SHAPE, CLASSES = (3, 32, 32), 10
TIMM, VISION = "timm:resnet10t", "torchvision:mobilenet_v3_small"
LIBRARIES = [TIMM, VISION, "timm:vit_tiny_patch16_224"]


def config(model: str, **parameters: Any) -> TrialConfig:
    vit = {"img_size": 32, "patch_size": 8} if "vit" in model else {}
    return TrialConfig(model=model, arguments=vit, **parameters)


@pytest.mark.parametrize(
    ("model", "fused"),
    [(LIBRARIES[-1], False), ("Airbench", False), ("CNN", False), ("CNN", True)],
)
def test_biases_of_norms_have_a_rate_of_their_own(model: str, fused: bool) -> None:
    """Layers of norm are known by their types; in these networks also by their names."""
    parameters: dict[str, Any] = {"batch_norm": True} if model == "CNN" else {}
    one = config(model, norm_bias_lr_factor=64, learning_rate=0.5, **parameters)
    several = (build_model(one, SHAPE, CLASSES) for _ in range(2))
    network = FusedClassifier(several, 2, SHAPE) if fused else next(several)
    names = {id(p): name for name, p in network.named_parameters()}
    parts = parts_of(network, one)
    faster = {names[id(p)] for part in parts if part.scale == 64 for p in part.parameters}
    assert faster == {n for n in names.values() if re.search(r"(norm|bn)\d*\.bias$", n)}
    assert faster
    assert {part.scale for part in parts} == {1, 64}
    assert {part.settings(one).get("lr") for part in parts} == {None, 32.0}


@pytest.mark.parametrize("model", ["timm:resnet10t", "timm:vit_tiny_patch16_224"])
def test_rates_of_layers_are_those_of_timm(model: str) -> None:
    optim = pytest.importorskip("timm.optim")
    built = build_model(config(model), SHAPE, CLASSES)
    network = built.layers.get_submodule("network")
    theirs = optim.param_groups_layer_decay(network, weight_decay=0.1, layer_decay=0.7)
    names = {id(p): n for n, p in built.named_parameters()}
    expected = {names[id(p)]: g["lr_scale"] for g in theirs for p in g["params"]}
    assert rate_scales(blocks_of(built), 0.7) == pytest.approx(expected)


def test_blocks_of_other_networks() -> None:
    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.norm = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)
            self.stages = nn.ModuleList([nn.Conv2d(4, 4, 3), nn.Sequential(nn.Conv2d(4, 4, 3))])
            self.head = nn.Linear(4, 5)
            self.scale = nn.Parameter(torch.ones(1))

    assert [block[-1] for block in blocks_of(Own())] == [
        *("norm.bias", "stages.0.bias", "stages.1.0.bias", "head.bias")
    ]
    assert blocks_of(Own())[0][0] == "scale"
    declared = build_model(TrialConfig(model="CNN", batch_norm=True), SHAPE, CLASSES)
    assert [block[0] for block in blocks_of(declared)] == [
        f"layers.{name}.weight" for name in ("conv1", "conv2", "fc1", "fc2", "output")
    ]


@pytest.mark.parametrize("model", [*LIBRARIES, "CNN"])
def test_a_frozen_backbone_with_its_head_is_the_network(model: str) -> None:
    whole = build_model(config(model), SHAPE, CLASSES).eval()
    divided = build_model(config(model, freeze="backbone"), SHAPE, CLASSES).eval()
    images = torch.randn(4, *SHAPE)
    with torch.no_grad():
        assert torch.allclose(divided(images), whole(images), atol=1e-5)
        assert divided.backbone is not None
        features = divided.backbone(images)
        assert torch.allclose(divided(features), whole(images), atol=1e-5)
    trained = [name for name, p in divided.named_parameters() if p.requires_grad]
    assert trained == ["layers.head.weight", "layers.head.bias"]


def test_first_blocks_stay_as_they_are(images: ImageData, tmp_path: Path) -> None:
    """Also the statistics of their batch norm; the others are trained."""
    trial = Trial(id="t0", config=config(TIMM, freeze=3, epochs=2, learning_rate=0.05))
    run([trial], few(images), tmp_path)
    before = build_model(trial.config, SHAPE, CLASSES)
    frozen = {name for block in blocks_of(before)[:3] for name in block}
    after = state(tmp_path / "t0")
    for name, value in before.state_dict().items():
        kept = torch.equal(after[f"model.{name}"], value)
        owner = name.rpartition(".")[0]
        assert kept == any(f.startswith(f"{owner}.") for f in frozen), name


def trained(
    rates: Sequence[float], images: ImageData, shared: Path | None, **parameters: Any
) -> list[Report]:
    reports = []
    for rate in rates:
        report = Report()
        one = Trial(id="t0", config=config(learning_rate=rate, freeze="backbone", **parameters))
        run_trials([one], images, HELD_OUT, report=report, shared=shared)
        reports.append(report)
    return reports


def test_features_are_computed_once_a_sweep(
    images: ImageData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = count_backbone_images(monkeypatch)
    part = few(images)

    def asked(rates: Collection[float], shared: Path | None = tmp_path, **more: Any) -> int:
        seen.clear()
        trained([*rates], part, shared, model=VISION, epochs=3, **more)
        return sum(n for n in seen if n > 4)  # the others are probes

    assert asked([0.1]) >= 60
    assert asked([0.2, 0.3]) == 0
    assert asked([0.2], seed=1) >= 60, "other random weights"
    assert asked([0.2], augment="flip") >= 3 * 60


def test_trials_on_features_have_the_numbers_of_those_on_images(
    images: ImageData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tune_mc1.training import inputs as module

    (shared,) = trained([0.1], few(images), tmp_path, model=TIMM, epochs=2)
    monkeypatch.setattr(module, "has_features", lambda _: False)
    (each,) = trained([0.1], few(images), None, model=TIMM, epochs=2)
    for key, row in each.rows.items():
        assert row["val_loss"] == pytest.approx(shared.rows[key]["val_loss"], rel=1e-4)


def test_a_checkpoint_has_the_head_alone(images: ImageData, tmp_path: Path) -> None:
    """The trial goes on from it, and is tested from it, with the backbone built again."""
    part, parameters = few(images), {"freeze": "backbone", "ema_decay": 0.5, "momentum": 0.9}

    def trials(epochs: int) -> list[Trial]:
        return [Trial(id="t0", config=config(TIMM, epochs=epochs, **parameters))]

    whole = run(trials(3), part, tmp_path / "whole", validation="test")
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        run(trials(3), part, tmp_path / "cut", validation="test", callbacks=(CutOff(),))
    assert (
        run(trials(3), part, tmp_path / "cut", validation="test").rows["t0", 3]
        == (whole.rows["t0", 3])
    )
    names = state(tmp_path / "cut" / "t0").keys()
    assert names == {"model.layers.head.weight", "model.layers.head.bias"}
    score, _ = score_test(trials(3)[0], part, tmp_path / "cut" / "t0" / "last.ckpt")
    assert score["test_loss"] == pytest.approx(whole.rows["t0", 3]["val_loss"], rel=1e-5)


def test_fused_trials_have_the_layer_decay_of_trials_alone(
    images: ImageData, tmp_path: Path
) -> None:
    common = {"model": "CNN", "epochs": 2, "layer_decay": 0.5, "lr_schedule": "cosine"}
    trials = group(3, **common, momentum=0.5)
    fused = run(trials, images, tmp_path / "fused")
    for trial in trials:
        for key, row in run([trial], images, tmp_path / "alone").rows.items():
            nearly_equal(fused.rows[key], row, 200)
            assert row["val_loss"] == pytest.approx(fused.rows[key]["val_loss"], rel=1e-2)


def test_what_a_network_does_not_have_is_said() -> None:
    def problem(model: str, freeze: Any) -> str:
        (line,) = network_problems([config(model, freeze=freeze)], SHAPE, CLASSES)
        return line

    assert problem("CNN", 5) == (
        "parameters.freeze: CNN has 5 blocks, of which the last must be trained, got 5"
    )
    assert problem("torchvision:squeezenet1_1", "backbone") == (
        "parameters.freeze: torchvision:squeezenet1_1 does not end with a linear layer of 10 "
        "outputs; freeze its blocks (freeze: N) instead, got backbone"
    )
    with pytest.raises(FreezeError):
        build_model(config("CNN", freeze=7), SHAPE, CLASSES)
    for parameters, message in (
        ({"freeze": 0}, "must be backbone, or the number of blocks to freeze"),
        ({"freeze": "backbone", "layer_decay": 0.5}, "layer_decay: not valid with freeze: "),
        ({"model": "ResNeXt50", "freeze": 2}, "freeze: model ResNeXt50 always has a frozen"),
    ):
        with pytest.raises(ValidationError, match=message):
            TrialConfig(**parameters)
