"""Architectures: parameter counts by hand, shapes, initialisation, dropout, the frozen backbone."""

import math
from itertools import pairwise

import pytest
import torch
from torch import nn

from tune_mc1.config.architectures import ARCHITECTURES
from tune_mc1.config.core_parameters import WeightsInit
from tune_mc1.config.layer_sizes import check_image_fits, layer_sizes
from tune_mc1.config.trial import TrialConfig
from tune_mc1.errors import TrialError
from tune_mc1.models.build import Classifier, build_model
from tune_mc1.models.dropout import DropoutStream, SeededDropout

CIFAR = (3, 32, 32)


def conv(inputs: int, outputs: int, kernel: int) -> int:
    return outputs * inputs * kernel * kernel + outputs


def dense(*widths: int) -> int:
    return sum(a * b + b for a, b in pairwise(widths))


BY_HAND = {
    "MLP": dense(3072, 5000, 5000, 1000, 100, 10),
    "CNN_simple": conv(3, 6, 5) + dense(28 * 28 * 6, 10),
    "CNN": conv(3, 6, 5) + conv(6, 16, 5) + dense(5 * 5 * 16, 120, 84, 10),
    "CNN2": conv(3, 6, 5) + conv(6, 16, 5) + dense(8 * 8 * 16, 120, 84, 10),
    "CNN3": conv(3, 6, 5) + conv(6, 16, 5) + dense(8 * 8 * 16, 1000, 100, 10),
    "CNN4": conv(3, 6, 3) + conv(6, 16, 3) + dense(8 * 8 * 16, 1000, 100, 10),
    "CNN5": conv(3, 32, 3)
    + conv(32, 16, 3)
    + conv(16, 8, 3)
    + dense(4 * 4 * 8, 128, 64, 32, 16, 10),
    "CNN6": conv(3, 32, 3)
    + conv(32, 16, 3)
    + conv(16, 8, 3)
    + dense(8 * 8 * 8, 512, 256, 128, 64, 10),
    "CNN7": conv(3, 128, 3)
    + conv(128, 64, 3)
    + conv(64, 32, 3)
    + dense(16 * 16 * 32, 512, 256, 128, 64, 10),
    "CNN8": conv(3, 128, 5)
    + conv(128, 64, 5)
    + conv(64, 32, 5)
    + dense(16 * 16 * 32, 512, 256, 128, 64, 10),
    "VGG": conv(3, 64, 3)
    + conv(64, 64, 3)
    + conv(64, 128, 3)
    + conv(128, 128, 3)
    + conv(128, 256, 3)
    + conv(256, 256, 3)
    + conv(256, 512, 3)
    + conv(512, 512, 3)
    + 2 * (64 + 64 + 128 + 128 + 256 + 256 + 512 + 512)  # batch norm: scale and shift
    + dense(4 * 4 * 512, 4096, 4096, 10),
    "ConvNet": conv(3, 32, 3) + conv(32, 64, 3) + dense(8 * 8 * 64, 128, 10),
    "ResNet9": conv(3, 64, 3)
    + conv(64, 128, 3)
    + 2 * conv(128, 128, 3)
    + conv(128, 256, 3)
    + conv(256, 512, 3)
    + 2 * conv(512, 512, 3)
    + 2 * (64 + 3 * 128 + 256 + 3 * 512)  # batch norm
    + dense(512, 10),
    "Airbench": 24  # shifts of the fixed filters
    + 9 * (24 * 64 + 64 * 64 + 64 * 256 + 3 * 256 * 256)
    + (2 * 64 + 4 * 256)  # batch norm: shift
    + dense(256, 10),
    "ResNeXt50": dense(2048, 10),  # the trained part
}


def build(
    model: str, shape: tuple[int, int, int] = CIFAR, classes: int = 10, **kw: object
) -> Classifier:
    return build_model(TrialConfig.model_validate({"model": model, **kw}), shape, classes)


def trained(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


@pytest.mark.parametrize("model", sorted(ARCHITECTURES))
def test_parameter_counts_by_hand(model: str) -> None:
    net = build(model, pretrained=False)
    assert trained(net) == BY_HAND[model]
    sizes = layer_sizes(model, CIFAR, 10)
    assert sum(layer.weights for layer in sizes) == BY_HAND[model]
    assert net.eval()(torch.zeros(2, *CIFAR)).shape == (2, 10)


def test_well_known_counts() -> None:
    assert BY_HAND["CNN"] == 62_006  # LeNet-5 on three channels
    assert BY_HAND["MLP"] == 15_365_000 + 25_005_000 + 5_001_000 + 100_100 + 1_010


@pytest.mark.parametrize(
    ("model", "norms"),
    [
        ("MLP", 5000 + 5000 + 1000 + 100),
        ("CNN_simple", 6),
        ("CNN", 6 + 16 + 120 + 84),
        ("CNN8", 128 + 64 + 32 + 512 + 256 + 128 + 64),
    ],
)
def test_batch_norm_after_every_hidden_layer(model: str, norms: int) -> None:
    net = build(model, batch_norm=True)
    assert trained(net) == BY_HAND[model] + 2 * norms
    sizes = layer_sizes(model, CIFAR, 10, batch_norm=True)
    assert sum(layer.weights for layer in sizes) == BY_HAND[model] + 2 * norms
    names = [name for name, _ in net.layers.named_children()]
    for i, name in enumerate(names):
        if name.endswith("_norm"):
            assert "relu" in names[i + 1] or "pool" in names[i + 1]


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 48, 40), (4, 32, 32)])
@pytest.mark.parametrize("model", ["MLP", "CNN", "CNN5", "CNN8"])
def test_models_follow_the_data(model: str, shape: tuple[int, int, int]) -> None:
    net = build(model, shape, classes=7)
    assert net(torch.zeros(2, *shape)).shape == (2, 7)


def test_images_too_small_are_refused_by_name() -> None:
    assert check_image_fits("CNN4", (1, 8, 8)) is None
    problem = check_image_fits("CNN", (1, 8, 8))
    assert problem is not None
    assert "CNN requires larger images" in problem
    assert "8x8" in problem
    with pytest.raises(TrialError, match="larger images"):
        build("CNN", (1, 8, 8))


@pytest.mark.parametrize(
    ("scheme", "spread"),
    [
        ("default", 1 / math.sqrt(3072) / math.sqrt(3)),
        ("xavier_normal", math.sqrt(2 / (3072 + 5000))),
        ("xavier_uniform", math.sqrt(2 / (3072 + 5000))),
        ("kaiming_normal", math.sqrt(2 / 3072)),
        ("kaiming_uniform", math.sqrt(2 / 3072)),
        ("dirac", 1 / math.sqrt(3072) / math.sqrt(3)),
    ],
)
def test_initialisation_has_the_published_spread(scheme: WeightsInit, spread: float) -> None:
    net = build("MLP", weights_init_type=scheme)
    layer = net.layers.get_submodule("fc1")
    assert isinstance(layer, nn.Linear)
    assert layer.weight.std().item() == pytest.approx(spread, rel=0.01)
    bound = spread * math.sqrt(3)
    uniform = "normal" not in scheme
    assert (layer.weight.abs().max().item() <= bound * 1.0001) == uniform
    if scheme in ("default", "dirac"):
        assert 0.9 / math.sqrt(3072) < layer.bias.abs().max().item() <= 1 / math.sqrt(3072)
    else:
        assert not layer.bias.any()


def test_initialisation_depends_on_the_seed_alone() -> None:
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first = build("CNN8", seed=3).state_dict()
    assert torch.equal(torch.get_rng_state(), state), "the global generator must not move"
    torch.manual_seed(2)
    again = build("CNN8", seed=3).state_dict()
    other = build("CNN8", seed=4).state_dict()
    for name, value in first.items():
        assert torch.equal(value, again[name])
        assert not torch.equal(value, other[name])
    hidden = build("MLP", weights_init_type="kaiming_normal").layers
    a, b = (hidden.get_parameter(f"{name}.weight") for name in ("fc1", "fc2"))
    assert not torch.equal(a[:, 0], b[:, 0]), "each layer has numbers of its own"


def test_dropout_masks_depend_on_seed_layer_and_step_alone() -> None:
    def mask(seed: int = 1, name: str = "fc1", step: int = 5, noise: int = 0) -> torch.Tensor:
        torch.manual_seed(noise)
        stream = DropoutStream(seed)
        stream.step = step
        dropped: torch.Tensor = SeededDropout(0.5, name, stream)(torch.ones(64, 64))
        return dropped

    assert torch.equal(mask(noise=1), mask(noise=2))
    for other in (mask(seed=2), mask(name="fc2"), mask(step=6)):
        assert not torch.equal(mask(), other)


@pytest.mark.parametrize("p", [0.0, 0.3, 0.9, 1.0])
def test_dropout_drops_and_scales_as_torch(p: float) -> None:
    layer = SeededDropout(p, "fc1", DropoutStream(0))
    inputs = torch.ones(500, 400, requires_grad=True)
    out = layer(inputs)
    out.sum().backward()
    assert (out == 0).float().mean().item() == pytest.approx(p, abs=0.005)
    kept = out[out != 0]
    assert torch.allclose(kept, torch.tensor(1 / (1 - p) if p < 1 else 0.0))
    assert inputs.grad is not None
    assert torch.equal(inputs.grad, out.detach()), "the gradient has the same mask; never a NaN"
    assert torch.equal(layer.eval()(inputs), inputs)


def test_dropout_sits_after_the_first_two_hidden_layers() -> None:
    for model, p in (("CNN8", 0.0), ("VGG", 0.5)):
        found = {n: m.p for n, m in build(model).layers.named_children() if "dropout" in n}
        assert found == {"fc1_dropout": p, "fc2_dropout": p}
    net = build("CNN8", dropout_p=1.0)
    loss = net(torch.rand(4, *CIFAR)).square().sum()
    loss.backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in net.parameters())


def test_the_backbone_stays_as_it_is() -> None:
    net = build("ResNeXt50", pretrained=False).train()
    assert net.backbone is not None
    before = {k: v.clone() for k, v in net.backbone.state_dict().items()}
    net(torch.rand(2, *CIFAR)).sum().backward()
    assert all(torch.equal(v, before[k]) for k, v in net.backbone.state_dict().items())
    assert all(p.grad is None for p in net.backbone.parameters())
    features = net.backbone(torch.rand(2, 1, 32, 32))
    assert features.shape == (2, 2048)


def test_weights_that_cannot_be_had_are_said(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path_factory.mktemp("empty")))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # refuses at once
    with pytest.raises(TrialError, match="pretrained: false"):
        build("ResNeXt50")
