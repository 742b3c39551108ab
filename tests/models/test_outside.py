"""Networks from outside: what their constructors get, published weights, and a trial on images."""

import re
import socket
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn

from tests.support.one_trial import few, run
from tune_mc1.config.model_signature import signature_of
from tune_mc1.config.trial import TrialConfig
from tune_mc1.data.images import ImageData
from tune_mc1.errors import TrialError
from tune_mc1.models import pretrained
from tune_mc1.models.build import build_model
from tune_mc1.models.outside import Renormalized
from tune_mc1.models.probe import network_problems

CIFAR = (3, 32, 32)


class Head(nn.Module):
    """Takes everything that the images determine."""

    def __init__(
        self,
        num_classes: int,
        image_shape: tuple[int, int, int],
        in_chans: int,
        img_size: int,
        width: int = 4,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        assert image_shape == (in_chans, img_size, img_size)
        if width < 1:
            raise ValueError("width must be positive")
        layers = (nn.Flatten(), nn.Linear(in_chans * img_size**2, width), nn.BatchNorm1d(width))
        self.layers = nn.Sequential(*layers, nn.Dropout(dropout), nn.Linear(width, num_classes))

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.layers(images)
        return logits


def five_outputs() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(3072, 5))


def large_images(num_classes: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 2, 50), nn.AdaptiveAvgPool2d(1), nn.Flatten())


class Faulty(nn.Module):
    """Has a mistake that images up to a size do not come to."""

    sides: ClassVar[list[int]] = []
    """Of the images with which it was called."""

    def __init__(self, num_classes: int, up_to: int = 0) -> None:
        super().__init__()
        self.up_to = up_to

    def forward(self, images: Tensor) -> Tensor:
        self.sides.append(images.shape[-1])
        if images.shape[-1] <= self.up_to:
            raise ValueError(f"too small {'x' * 500}")
        return images.flaten(1)  # type: ignore[attr-defined, no-any-return]


class Lazy(nn.Module):
    """Learns the sizes of its layers from the images."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        conv, norm = nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d()
        self.layers = nn.Sequential(conv, norm, nn.Flatten(), nn.LazyLinear(num_classes))

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.layers(images)
        return logits


def frozen(num_classes: int) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(3072, num_classes)).requires_grad_(False)


def no_module(num_classes: int) -> int:
    return num_classes


@pytest.fixture(autouse=True)
def nets(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = ModuleType("outside_examples")
    for part in (Head, Faulty, Lazy, five_outputs, frozen, large_images, no_module):
        setattr(module, part.__name__, part)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    signature_of.cache_clear()
    return module


def own(name: str, **values: Any) -> TrialConfig:
    return TrialConfig(model=f"outside_examples:{name}", **values)


def test_a_trial_of_ones_own_network_learns(images: ImageData, tmp_path: Path) -> None:
    own_width: dict[str, Any] = {"model": "outside_examples:Head", "arguments": {"width": 16}}
    rows = run(images, tmp_path, epochs=4, **own_width)
    assert rows[-1]["train_acc"] > 1.5 * rows[0]["train_acc"] > 0.1
    again = {**own_width, "arguments": {"width": 8}}
    with pytest.raises(TrialError) as caught:
        run(images, tmp_path, epochs=5, **again)
    assert str(caught.value) == (
        "its checkpoint does not fit model outside_examples:Head, which was edited since: "
        "layers.1.bias is 8, was 16 (7 differ)"
    )


def test_a_network_with_lazy_layers_learns_and_goes_on(images: ImageData, tmp_path: Path) -> None:
    part, lazy = few(images), "outside_examples:Lazy"
    whole = run(part, tmp_path / "whole", epochs=3, model=lazy)
    run(part, tmp_path / "cut", epochs=2, model=lazy)
    rest = run(part, tmp_path / "cut", epochs=3, model=lazy)
    assert rest[-1]["train_loss"] == whole[-1]["train_loss"] < whole[0]["train_loss"]
    one, again = (build_model(own("Lazy", seed=3), CIFAR, 10).state_dict() for _ in range(2))
    assert all(torch.equal(weight, again[name]) for name, weight in one.items())


def test_an_interrupted_trial_has_the_same_dropout(images: ImageData, tmp_path: Path) -> None:
    part = few(images)
    dropping: dict[str, Any] = {"model": "outside_examples:Head", "arguments": {"dropout": 0.5}}
    whole = run(part, tmp_path / "whole", epochs=3, **dropping)
    run(part, tmp_path / "cut", epochs=2, **dropping)
    rest = run(part, tmp_path / "cut", epochs=3, **dropping)
    assert rest[-1]["train_loss"] == whole[-1]["train_loss"]


PROBLEMS = [
    (own("Head"), None),
    (own("Lazy"), None),
    (own("frozen"), "parameters.model: outside_examples:frozen has no weights that are trained"),
    (
        own("Head", batch_size=1),
        "parameters.batch_size: outside_examples:Head has batch norm, which cannot be trained on "
        "batches of one image, got 1",
    ),
    (
        own("Head", arguments={"width": 0}),
        "parameters.model: outside_examples:Head(num_classes=10, image_shape=(3, 32, 32), "
        "in_chans=3, img_size=32, width=0) cannot be built: ValueError: width must be positive "
        "(test_outside.py:",
    ),
    (
        own("five_outputs"),
        "parameters.model: outside_examples:five_outputs must map 2 images to (2, 10), one logit "
        "for each of 10 classes, got (2, 5)",
    ),
    (
        own("large_images"),
        "parameters.model: outside_examples:large_images fails on images of 32x32 pixels; the "
        "smallest that it takes are 64x64: RuntimeError: Calculated padded input size",
    ),
    (
        own("no_module"),
        "parameters.model: outside_examples:no_module must return an nn.Module, got int",
    ),
]


@pytest.mark.parametrize(("config", "line"), PROBLEMS)
def test_a_network_is_tried_on_two_images(config: TrialConfig, line: str | None) -> None:
    found = network_problems([config], CIFAR, 10)
    assert (not found) if line is None else found[0].startswith(line), found


def test_larger_images_are_tried_only_where_size_may_be_the_reason() -> None:
    Faulty.sides.clear()
    (line,) = network_problems([own("Faulty")], CIFAR, 10)
    assert line.startswith(
        "parameters.model: outside_examples:Faulty fails on a batch of 2 images: AttributeError: "
    )
    assert Faulty.sides == [32]


def test_a_mistake_that_larger_images_bring_out_is_named() -> None:
    Faulty.sides.clear()
    (line,) = network_problems([own("Faulty", arguments={"up_to": 48})], CIFAR, 10)
    assert line.startswith(
        "parameters.model: outside_examples:Faulty fails on images of 32x32 pixels, and on 64x64 "
        "for another reason (AttributeError: "
    )
    assert "'flaten' (test_outside.py:" in line
    assert re.search(r": ValueError: too small x+\.\.\. \(test_outside.py:\d+\)$", line)
    assert Faulty.sides == [32, 48, 64]


def pretrained_config(model: str) -> TrialConfig:
    return TrialConfig(model=model, pretrained=True, passes=("pretrained",))


def test_weights_that_cannot_be_downloaded_are_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "create_connection", offline)
    monkeypatch.setattr(pretrained, "getproxies", dict)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    for model, host in (
        ("timm:test_resnet", "huggingface.co"),
        ("torchvision:shufflenet_v2_x0_5", "download.pytorch.org"),
    ):
        (line,) = network_problems([pretrained_config(model)], CIFAR, 10)
        assert line.startswith(f"parameters.pretrained: the weights of {model} are not in ")
        assert line.endswith(
            f", and cannot be downloaded: {host} cannot be reached (Name or service not known)"
        )


def test_published_weights_are_those_of_the_cache_with_a_new_last_layer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchvision.models import ShuffleNet_V2_X0_5_Weights, shufflenet_v2_x0_5

    published = shufflenet_v2_x0_5()
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    url = ShuffleNet_V2_X0_5_Weights.DEFAULT.url
    torch.save(published.state_dict(), folder / Path(url).name)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    model = build_model(pretrained_config("torchvision:shufflenet_v2_x0_5"), CIFAR, 10)
    tuned = model.layers.get_submodule("network")
    assert isinstance(tuned, Renormalized)
    state, before = tuned.network.state_dict(), published.state_dict()
    other = [
        name
        for name, value in before.items()
        if value.shape != state[name].shape or not torch.equal(state[name], value)
    ]
    assert other == ["fc.weight", "fc.bias"]
    seen: list[Tensor] = []
    tuned.network.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    assert model.eval()(torch.full((2, *CIFAR), -1.0)).shape == (2, 10)
    black = torch.tensor([-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225])
    assert torch.allclose(seen[0][0, :, 0, 0], black)
