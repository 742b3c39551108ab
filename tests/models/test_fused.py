"""Trials trained as one model end where they end when trained alone."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from tests.support.narrow_networks import narrowed
from tune_mc1.config.core_parameters import WeightsInit
from tune_mc1.config.trial import TrialConfig
from tune_mc1.data.batches import ImageTensors
from tune_mc1.data.images import ImageData
from tune_mc1.models.build import build_model
from tune_mc1.models.fused import FusedClassifier
from tune_mc1.training.learning_rates import learning_rates
from tune_mc1.training.optimizers.base import make_group_optimizer, make_optimizer
from tune_mc1.training.optimizers.parts import Part

INITS: tuple[WeightsInit, ...] = (
    "default",
    "xavier_normal",
    "xavier_uniform",
    "kaiming_normal",
    "kaiming_uniform",
)
BATCH = 6
STEPS = 30


def group(model: Any, **common: Any) -> list[TrialConfig]:
    """Four trials that differ in all in which the trials of a group may differ."""
    varied: dict[str, Any] = {"dropout_p": (0.0, 0.3, 0.5, 1.0)} if model in ("CNN8", "VGG") else {}
    if common.get("optimizer", "SGD") == "SGD":
        varied["momentum"] = (0.0, 0.9, 0.5, 0.0)
    # Adam's first step is its whole rate whatever the gradient, be it nothing but rounding.
    scale = 1.0 if common.get("optimizer", "SGD") == "SGD" else 0.01
    return [
        TrialConfig(
            model=model,
            learning_rate=scale * (0.001, 0.002, 0.003, 0.004)[i],
            weight_decay=(0.0, 0.01, 0.1, 0.0)[i],
            weights_init_type=INITS[i + 1 if model == "VGG" else i],
            seed=i // 2,
            **{name: values[i] for name, values in varied.items()},
            **common,
        )
        for i in range(4)
    ]


class Pair:
    """The same trials, fused and alone.

    Args:
        configs: The trials'.
        images: float (N, channels, height, width).
        labels: int64 (N,).
        lanes: Trials of equal seed share a lane (2), or all trials one (1), or none does (4).
        dtype: Of parameters and images.
    """

    def __init__(
        self,
        configs: list[TrialConfig],
        images: Tensor,
        labels: Tensor,
        lanes: int,
        dtype: torch.dtype,
    ) -> None:
        shape = (images.shape[1], images.shape[2], images.shape[3])
        self.configs, self.lanes = configs, lanes
        self.images, self.labels = images.to(dtype), labels
        self.alone = [build_model(c, shape, 10).to(dtype) for c in configs]
        fused = FusedClassifier((build_model(c, shape, 10) for c in configs), 4, shape)
        self.fused = fused.to(dtype)
        self.stepper = make_group_optimizer(configs, [Part(list(self.fused.parameters()))])
        self.steppers = [
            make_optimizer(c, [Part(list(m.parameters()))])
            for c, m in zip(configs, self.alone, strict=True)
        ]
        pairs = [([c], s) for c, s in zip(configs, self.steppers, strict=True)]
        made = [learning_rates(c, s, STEPS, False) for c, s in [*pairs, (configs, self.stepper)]]
        self.rates = [rates for rates in made if rates is not None]

    def order(self, lane: int) -> Tensor:
        return torch.randperm(len(self.labels), generator=torch.Generator().manual_seed(lane))

    def step(self, number: int) -> None:
        """One optimiser step on both sides."""
        at = torch.arange(number * BATCH, (number + 1) * BATCH) % len(self.labels)
        picked = [self.order(lane)[at] for lane in range(self.lanes)]
        share = 4 // self.lanes
        for rates in self.rates:
            rates.set(number)
        for trial, (model, stepper) in enumerate(zip(self.alone, self.steppers, strict=True)):
            batch = picked[trial // share]
            model.at_step(number)
            stepper.zero_grad()
            loss = cross_entropy(model(self.images[batch]), self.labels[batch])
            torch.autograd.backward(loss)
            stepper.step()
        self.fused.at_step(number)
        self.stepper.zero_grad()
        logits = self.fused(torch.cat([self.images[batch] for batch in picked], dim=1))
        targets = torch.stack([self.labels[picked[t // share]] for t in range(4)])
        each = cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")
        torch.autograd.backward(each.view(4, -1).mean(dim=1).sum())
        self.stepper.step()

    def difference(self) -> float:
        """The largest difference of a parameter or running statistic.

        The true gradient of a bias before a batch norm is 0, and Adam scales its rounding errors up
        to whole steps. Nothing but that bias and the mean that takes it off again is left out.
        """
        fused = self.fused.state_dict()
        adaptive = self.configs[0].optimizer != "SGD"
        noise = {
            f"layers.{name}"
            for layer in self.alone[0].layers._modules
            if adaptive and layer.endswith("_norm")
            for name in (f"{layer.removesuffix('_norm')}.bias", f"{layer}.running_mean")
        }
        return max(
            float((fused[name][i] - value).abs().max())
            for i, model in enumerate(self.alone)
            for name, value in model.state_dict().items()
            if name not in noise
        )


@pytest.fixture(scope="module")
def small(images: ImageData) -> tuple[Tensor, Tensor]:
    """A corner of each image, so that the large models are fast."""
    corner = np.ascontiguousarray(images.train_images[:120, 8:24, 8:24])
    tensors = ImageTensors(corner, images.train_labels[:120])
    return tensors.gather(torch.arange(120)), tensors.labels


SMALL_CASES: list[tuple[str, dict[str, Any]]] = [
    ("CNN_simple", {"batch_norm": True}),
    ("CNN", {}),
    ("CNN", {"batch_norm": True, "optimizer": "Adam"}),
    ("CNN2", {"optimizer": "AdamW"}),
    ("CNN3", {}),
    ("CNN4", {"optimizer": "Adam"}),
    ("CNN5", {}),
    ("CNN6", {"optimizer": "Adam"}),
    ("ConvNet", {"arguments": {"filters": [4, 8], "pool": "avg", "activation": "GELU"}}),
    ("ConvNet", {"arguments": {"filters": [4], "kernel_sizes": 5, "hidden": []}}),
    ("MLP", {"arguments": {"hidden": [16, 8], "activation": "Tanh"}, "dropout_p": 0.3}),
]
LARGE_CASES: list[tuple[str, dict[str, Any]]] = [
    ("CNN7", {}),
    ("CNN8", {}),
    ("CNN8", {"batch_norm": True, "optimizer": "AdamW"}),
    ("CNN8", {"optimizer": "Adam"}),
    ("VGG", {}),
    ("VGG", {"optimizer": "Adam"}),
    ("MLP", {}),
    ("MLP", {"batch_norm": True, "optimizer": "Adam"}),
    ("ResNet9", {}),
    ("Airbench", {"optimizer": "Adam"}),
]


def compare(images: tuple[Tensor, Tensor], model: str, common: dict[str, Any], lanes: int) -> None:
    pair = Pair(group(model, **common), *images, lanes, torch.float64)
    for number in range(STEPS):
        pair.step(number)
    assert pair.difference() < 1e-6
    single = Pair(group(model, **common), *images, lanes, torch.float32)
    single.step(0)
    assert single.difference() < 1e-4


@pytest.mark.parametrize(("model", "common"), SMALL_CASES)
def test_fused_trials_equal_trials_alone(
    small: tuple[Tensor, Tensor], model: str, common: dict[str, Any]
) -> None:
    compare(small, model, common, lanes=2)


@pytest.mark.parametrize(("model", "common"), LARGE_CASES)
def test_so_do_those_of_the_large_architectures_made_narrow(
    small: tuple[Tensor, Tensor],
    model: str,
    common: dict[str, Any],
) -> None:
    with narrowed(model):
        compare(small, model, common, lanes=2)


@pytest.mark.slow
@pytest.mark.parametrize(("model", "common"), LARGE_CASES)
def test_so_do_those_of_the_large_architectures(
    small: tuple[Tensor, Tensor], model: str, common: dict[str, Any]
) -> None:
    compare(small, model, common, lanes=2)


@pytest.mark.parametrize("optimizer", ["SGD", "Adam", "AdamW"])
def test_rates_that_change_are_those_of_each_trial(
    small: tuple[Tensor, Tensor], optimizer: str
) -> None:
    compare(small, "CNN_simple", {"optimizer": optimizer, "lr_schedule": "linear"}, lanes=2)


@pytest.mark.parametrize("lanes", [1, 4])
@pytest.mark.parametrize("model", ["CNN", "CNN_simple"])
def test_trials_share_images_or_have_their_own(
    small: tuple[Tensor, Tensor], model: str, lanes: int
) -> None:
    compare(small, model, {}, lanes)
