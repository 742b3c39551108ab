"""Losses: PyTorch's own are the oracle, alone and in a group, for hard labels and soft ones."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from sklearn.utils.class_weight import compute_class_weight
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from tests.support.group_run import group, nearly_equal, run
from tune_mc1.config.losses import takes_soft_labels
from tune_mc1.config.trial import TrialConfig
from tune_mc1.data.images import ImageData
from tune_mc1.errors import TrialError
from tune_mc1.training.losses import GroupLoss, make_loss, weights_of_classes

CLASSES, BATCH = 5, 12
WEIGHTS = "0.5, 1, 2, 0, 1.5"

SETTINGS: list[dict[str, Any]] = [
    {},
    {"label_smoothing": 0.1},
    {"class_weights": WEIGHTS},
    {"class_weights": WEIGHTS, "label_smoothing": 0.2},
    {"focal_gamma": 2.0},
    {"focal_gamma": 0.5, "class_weights": WEIGHTS, "label_smoothing": 0.1},
]


def drawn(trials: int, soft: bool) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(3)
    logits = 3 * torch.randn(trials, BATCH, CLASSES, generator=generator)
    labels = torch.randint(CLASSES, (trials, BATCH), generator=generator)
    if not soft:
        return logits, labels
    share = torch.rand(trials, BATCH, 1, generator=generator)
    other = torch.randint(CLASSES, (trials, BATCH), generator=generator)
    mixed = share * one_hot(labels, CLASSES) + (1 - share) * one_hot(other, CLASSES)
    return logits, mixed


def oracle(config: TrialConfig, logits: Tensor, labels: Tensor) -> Tensor:
    """PyTorch's cross-entropy; the focal loss term by term, as published."""
    weights = weights_of_classes(config, torch.zeros(1, dtype=torch.int64), CLASSES)
    w = torch.ones(CLASSES) if weights is None else weights
    soft = labels.is_floating_point()
    if not config.focal_gamma:
        mean = cross_entropy(logits, labels, weights, label_smoothing=config.label_smoothing)
        return mean * len(labels) / (labels * w).sum() if soft else mean  # see `GroupLoss`
    total = torch.zeros(())
    for i, row in enumerate(logits.softmax(-1)):
        y = labels[i] if soft else one_hot(labels[i], CLASSES).float()
        y = y * (1 - config.label_smoothing) + config.label_smoothing / CLASSES
        for c, p in enumerate(row):
            total = total - w[c] * y[c] * (1 - p) ** config.focal_gamma * p.log()
    if soft:
        return total / (labels * w).sum()
    return total / (len(logits) if weights is None else w[labels].sum())


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("count", [1, len(SETTINGS)])
def test_a_loss_and_its_gradient_are_those_of_pytorch(count: int, soft: bool) -> None:
    mixup_alpha = 0.2 if soft else 0.0
    configs = [TrialConfig(**setting, mixup_alpha=mixup_alpha) for setting in SETTINGS]
    logits, labels = drawn(len(configs), soft)
    weights = [weights_of_classes(c, torch.zeros(1, dtype=torch.int64), CLASSES) for c in configs]
    theirs, mine = (logits.clone().requires_grad_() for _ in range(2))
    expected = [oracle(c, theirs[i], labels[i]) for i, c in enumerate(configs)]
    torch.autograd.backward(torch.stack(expected).sum())
    if count == 1:
        found = [make_loss(c, weights[i])(mine[i], labels[i]) for i, c in enumerate(configs)]
        assert torch.allclose(torch.stack(found), torch.stack(expected), rtol=1e-5)
        torch.autograd.backward(torch.stack(found).sum())
    else:
        total = GroupLoss(configs, weights)(mine, labels)
        assert torch.allclose(total, torch.stack(expected).sum(), rtol=1e-5)
        torch.autograd.backward(total)
    assert torch.allclose(mine.grad, theirs.grad, rtol=1e-4, atol=1e-6)  # type: ignore[arg-type]


def test_certain_labels_of_mixup_have_the_loss_of_labels_without() -> None:
    logits, labels = (drawn_.squeeze(0) for drawn_ in drawn(1, soft=False))
    weights = torch.tensor([0.5, 1, 2, 3, 1.5])
    found = [
        make_loss(TrialConfig(class_weights="0.5, 1, 2, 3, 1.5", mixup_alpha=alpha), weights)
        for alpha in (0.0, 0.2)
    ]
    certain = one_hot(labels, CLASSES).float()
    torch.testing.assert_close(found[1](logits, certain), found[0](logits, labels))


def test_balanced_weights_are_those_of_scikit_learn() -> None:
    labels = torch.tensor([0, 0, 0, 1, 2, 2])
    config = TrialConfig(class_weights="Balanced")
    expected = compute_class_weight("balanced", classes=np.arange(3), y=labels.numpy())
    weights = weights_of_classes(config, labels, 3)
    assert weights is not None
    assert weights.tolist() == pytest.approx(expected)
    with_empty = weights_of_classes(config, labels, 4)
    assert with_empty is not None
    assert with_empty[3] == 0
    with pytest.raises(TrialError, match="each of the 3 classes, got 2 weights"):
        weights_of_classes(TrialConfig(class_weights=[1, 2]), labels, 3)  # type: ignore[arg-type]


def test_fused_trials_have_the_numbers_of_trials_alone(images: ImageData, tmp_path: Path) -> None:
    settings: list[dict[str, Any]] = [
        {},
        {"label_smoothing": 0.2},
        {"class_weights": "balanced", "focal_gamma": 1.0},
    ]
    plain = group(3, epochs=2, model="CNN_simple", momentum=0.5)
    trials = [
        trial.model_copy(
            update={"config": TrialConfig(**{**trial.config.model_dump(), **settings[i]})}
        )
        for i, trial in enumerate(plain)
    ]
    fused = run(trials, images, tmp_path / "fused")
    for trial in trials:
        for key, row in run([trial], images, tmp_path / "alone").rows.items():
            nearly_equal(fused.rows[key], row, 100)
    unsmoothed = run(plain, images, tmp_path / "plain")
    nearly_equal(fused.rows["t0", 2], unsmoothed.rows["t0", 2], 100)
    assert fused.rows["t1", 2]["train_loss"] != unsmoothed.rows["t1", 2]["train_loss"]


OWN = """
import torch

def absolute(logits, labels):
    return (logits.softmax(1) - torch.nn.functional.one_hot(labels, logits.shape[1])).abs().sum(1)

class Soft(torch.nn.Module):
    soft_labels = True

    def forward(self, logits, labels):
        return torch.nn.functional.cross_entropy(logits, labels)

def words(logits, labels):
    return 0.0

constant = 3
"""


def test_a_loss_of_ones_own(
    images: ImageData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_loss_here.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert not takes_soft_labels("own_loss_here:absolute")
    assert takes_soft_labels("own_loss_here:Soft")
    assert takes_soft_labels("FocalLoss")

    def rows(loss: str) -> Any:
        trials = group(1, epochs=1, model="CNN_simple", loss_function=loss)
        return run(trials, images, tmp_path / loss.partition(":")[2]).rows["t0", 1]

    standard = rows("CrossEntropyLoss")
    assert rows("own_loss_here:Soft") == standard
    assert rows("torch.nn:CrossEntropyLoss") == standard
    other = rows("own_loss_here:absolute")
    assert other["val_loss"] != standard["val_loss"]
    with pytest.raises(TrialError, match=r"must return a tensor of the loss, got float"):
        rows("own_loss_here:words")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"loss_function": "m:loss", "label_smoothing": 0.1},
            "label_smoothing: only valid with loss_function CrossEntropyLoss, FocalLoss, got 0.1 "
            "with m:loss",
        ),
        (
            {"loss_function": "FocalLos"},
            "must be one of CrossEntropyLoss, FocalLoss, or package.module:Name of your own, did "
            "you mean 'FocalLoss'?",
        ),
        (
            {"class_weights": [1, -1]},
            "must be balanced, or a list of weights of at least 0, not all of them 0, one per "
            "class",
        ),
        ({"focal_gamma": -1}, "Input should be greater than or equal to 0"),
    ],
)
def test_what_does_not_fit_is_refused(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TrialConfig(**parameters)
    (error,) = caught.value.errors()
    assert error["msg"].removeprefix("Value error, ") == message
