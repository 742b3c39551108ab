"""Networks of any origin, trained as one, end where they end when trained alone."""

import random

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.support.own_networks import NETWORKS, Tutorial, build
from tests.support.plugins import registered
from tune_mc1.config.architectures import ARCHITECTURES, Architecture
from tune_mc1.config.trial import TrialConfig
from tune_mc1.models.build import Classifier, OwnNetwork, build_model
from tune_mc1.models.fused import FusedClassifier
from tune_mc1.models.fused_own import fuse_models
from tune_mc1.models.graph_reading import NoFusedForm

SHAPE = (3, 16, 16)
TRIALS = 4
DROPOUTS = (0.0, 0.3, 0.5, 1.0)


def alone(kind: type[nn.Module]) -> list[Classifier]:
    """Models of four trials in double precision, which differ in seed and dropout."""
    own = Architecture(build=build.__module__ + ":build", dropout_layers=1)
    with registered(ARCHITECTURES, kind.__name__, own):
        configs = [
            TrialConfig(model=kind.__name__, seed=seed, dropout_p=p)
            for seed, p in enumerate(DROPOUTS)
        ]
        return [build_model(config, SHAPE, 10).double() for config in configs]


def images(lanes: int) -> Tensor:
    """A batch in channels-last memory, as it is gathered."""
    generator = torch.Generator().manual_seed(lanes)
    numbers = torch.randn((6, 16, 16, 3 * lanes), generator=generator, dtype=torch.float64)
    return numbers.movedim(-1, 1)


def step(model: Classifier | FusedClassifier, number: int, batch: Tensor) -> Tensor:
    """A step of plain gradient descent; returns the logits."""
    model.at_step(number)
    logits: Tensor = model(batch)
    torch.autograd.backward(logits.square().mean(dim=(-1, -2)).sum())
    with torch.no_grad():
        for parameter in model.parameters():
            assert parameter.grad is not None
            parameter.sub_(0.1 * parameter.grad)
            parameter.grad = None
    return logits.detach()


def assert_equal(fused: FusedClassifier, models: list[Classifier]) -> None:
    together = fused.state_dict()
    for index, model in enumerate(models):
        plain = model.state_dict()
        assert list(together) == list(plain)
        for name, value in plain.items():
            torch.testing.assert_close(together[name][index], value, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("lanes", [1, 2, 4])
@pytest.mark.parametrize("kind", NETWORKS)
def test_weights_statistics_and_masks_are_those_of_trials_alone(
    kind: type[nn.Module], lanes: int
) -> None:
    models, batch = alone(kind), images(lanes)
    fused = fuse_models(alone(kind), TRIALS, SHAPE).train()
    assert [n for n, _ in fused.named_parameters()] == [n for n, _ in models[0].named_parameters()]
    for number in range(3):
        together = step(fused, number, batch)
        for index, model in enumerate(models):
            lane = 3 * (index * lanes // TRIALS)
            logits = step(model, number, batch[:, lane : lane + 3])
            torch.testing.assert_close(together[index], logits, rtol=1e-9, atol=1e-9)
    assert_equal(fused, models)


@pytest.mark.parametrize("kind", NETWORKS)
def test_trials_that_stay_go_on_as_alone(kind: type[nn.Module]) -> None:
    models, batch = alone(kind)[1:3], images(1)
    fused = fuse_models(alone(kind), TRIALS, SHAPE).train()
    for number in range(2):
        step(fused, number, batch)
        for model in models:
            step(model, number, batch)
    fused.keep(torch.tensor([1, 2]))
    for number in range(2, 4):
        together = step(fused, number, batch)
        for index, model in enumerate(models):
            logits = step(model, number, batch)
            torch.testing.assert_close(together[index], logits, rtol=1e-9, atol=1e-9)
    assert_equal(fused, models)
    together = fused.eval()(batch)
    for index, model in enumerate(models):
        torch.testing.assert_close(together[index], model.eval()(batch), rtol=1e-9, atol=1e-9)


class Changed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.fc = nn.Linear(4, 10)

    def features(self, x: Tensor) -> Tensor:
        return x

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.fc(self.features(self.conv(x)).mean((2, 3)))
        return logits


class UsedTwice(Changed):
    def features(self, x: Tensor) -> Tensor:
        return functional.relu(x, inplace=True) + x


class Branches(Changed):
    def features(self, x: Tensor) -> Tensor:
        return x if x.sum() > 0 else -x


class AlwaysDrops(Changed):
    def features(self, x: Tensor) -> Tensor:
        return functional.dropout(x)


class ByMode(Changed):
    def features(self, x: Tensor) -> Tensor:
        return x.relu() if self.training else x.tanh()


class Mixes(Changed):
    def features(self, x: Tensor) -> Tensor:
        return x.permute(0, 1, 3, 2)


class Scaled(Changed):
    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))

    def features(self, x: Tensor) -> Tensor:
        return x * self.scale


class Hooked(Changed):
    def __init__(self) -> None:
        super().__init__()
        self.conv.register_forward_hook(lambda module, inputs, output: output * 2)


class DrawsInPython(Changed):
    def features(self, x: Tensor) -> Tensor:
        return x if random.random() < 2 else x.relu()


class DrawsOnTheCpu(Changed):
    def features(self, x: Tensor) -> Tensor:
        return x if torch.rand(1).item() < 2 else x.relu()


class Counts(Changed):
    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def features(self, x: Tensor) -> Tensor:
        self.calls += 1
        return x if self.calls > 0 else x.relu()


@pytest.mark.parametrize(
    ("network", "reason"),
    [
        (DrawsInPython(), "its forward() draws random numbers in Python"),
        (DrawsOnTheCpu(), "its forward() draws random numbers in Python"),
        (Counts(), "its forward() draws random numbers in Python, or changes its own numbers"),
        (UsedTwice(), "add uses a value that has been changed in place"),
        (Branches(), "torch.fx cannot trace it: symbolically traced variables cannot be used"),
        (AlwaysDrops(), "it does other operations in training than in evaluation"),
        (ByMode(), "it does other operations in training than in evaluation"),
        (Mixes(), "permute is not known to work for many trials at once"),
        (Scaled(), "Scaled holds parameters of its own"),
        (Hooked(), "its logits are others when fused"),
        (nn.Sequential(nn.Flatten(), nn.LayerNorm(768), nn.Linear(768, 10)), "nn.LayerNorm"),
        (nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(2)), "Flatten makes a tensor of shape"),
        (nn.Sequential(nn.Conv2d(3, 4, 20), nn.Flatten()), "it fails on images of this size"),
    ],
)
def test_what_is_not_known_is_refused(network: nn.Module, reason: str) -> None:
    with pytest.raises(NoFusedForm) as caught:
        fuse_models([OwnNetwork(network, seed) for seed in range(2)], 2, SHAPE)
    assert str(caught.value).startswith(reason)


def test_networks_that_differ_are_refused() -> None:
    networks = [
        nn.Sequential(nn.Flatten(), nn.Linear(768, 10), layer) for layer in (nn.ELU(), nn.ReLU())
    ]
    with pytest.raises(NoFusedForm, match="differ"):
        fuse_models([OwnNetwork(network, 0) for network in networks], 2, SHAPE)


def test_dropout_is_not_fused_on_a_gpu() -> None:
    with pytest.raises(NoFusedForm, match="dropout"):
        fuse_models(alone(Tutorial), TRIALS, SHAPE, gpu=True)
