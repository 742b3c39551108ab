"""A network of any form: seeded by the trial, whatever else draws from PyTorch's generator."""

from collections.abc import Iterator

import pytest
import torch
from torch import nn

from tests.support.plugins import registered
from tune_mc1.config.architectures import ARCHITECTURES, Architecture
from tune_mc1.config.trial import TrialConfig
from tune_mc1.models.build import Classifier, build_model

CIFAR = (3, 32, 32)


def build(config: TrialConfig, image_shape: tuple[int, int, int], classes: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(image_shape[0], 4, 3), nn.Flatten(), nn.Dropout(0.5), nn.LazyLinear(classes)
    )


@pytest.fixture(autouse=True)
def network() -> Iterator[None]:
    with registered(ARCHITECTURES, "Mine", Architecture(build=f"{__name__}:build")):
        yield


def mine(seed: int) -> Classifier:
    model = build_model(TrialConfig(model="Mine", seed=seed), CIFAR, 10)
    model(torch.zeros(1, *CIFAR))
    return model


def test_it_is_initialised_from_the_seed() -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    conv = [build_model(TrialConfig(model="Mine", seed=s), CIFAR, 10) for s in (3, 3, 4)]
    assert torch.equal(torch.get_rng_state(), before), "the global generator must not move"
    one, again, other = (model.state_dict()["layers.network.0.weight"] for model in conv)
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_its_dropout_depends_on_seed_and_step() -> None:
    model, images = mine(seed=1), torch.rand(8, *CIFAR)

    def logits(step: int, noise: int) -> torch.Tensor:
        torch.manual_seed(noise)
        model.at_step(step)
        with torch.no_grad():
            made: torch.Tensor = model(images)
        return made

    assert torch.equal(logits(step=5, noise=1), logits(step=5, noise=2))
    assert not torch.equal(logits(step=5, noise=1), logits(step=6, noise=1))
