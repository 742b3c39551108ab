"""Metrics of an epoch against scikit-learn's, and those of other packages."""

import numpy as np
import pytest
import torch
from sklearn import metrics as sk
from torch import Tensor

from tune_mc1.config.labels import label
from tune_mc1.config.metrics import METRICS, Metric, better, epoch_metrics, goal_of
from tune_mc1.errors import TrialError
from tune_mc1.training.epoch_counts import EpochCounts

CPU = torch.device("cpu")


def recall(confusion: Tensor, loss_sums: Tensor) -> Tensor:
    return (confusion.diagonal(dim1=1, dim2=2) / confusion.sum(dim=2)).nanmean(dim=1)


def per_image(confusion: Tensor, loss_sums: Tensor) -> Tensor:
    return loss_sums / confusion.sum(dim=(1, 2))


def test_each_metric_is_that_of_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METRICS._parts, "recall", Metric("maximize", recall))
    monkeypatch.setitem(METRICS._parts, "nats", Metric("minimize", per_image))
    generator = torch.Generator().manual_seed(0)
    trials, images, classes = 3, 200, 7
    logits = torch.randn((trials, images, classes), generator=generator)
    logits[:, :, -1] = -99.0  # a class that is neither in the labels nor predicted
    labels = torch.randint(classes - 1, (images,), generator=generator)
    counts = EpochCounts(classes, CPU, trials)
    for x, y in zip(torch.split(logits, 64, dim=1), torch.split(labels, 64), strict=True):
        counts.add(x, y)
    for trial, row in enumerate(counts.compute("val")):
        predicted, probabilities = (
            logits[trial].argmax(dim=1),
            logits[trial].double().softmax(dim=1),
        )
        loss = sk.log_loss(labels, probabilities, labels=np.arange(classes))
        assert row == pytest.approx(
            {
                "val_loss": loss,
                "val_acc": sk.accuracy_score(labels, predicted),
                "val_f1": sk.f1_score(labels, predicted, average="macro"),
                "val_recall": sk.balanced_accuracy_score(labels, predicted),
                "val_nats": loss,
            },
            rel=1e-6,
        )


def test_a_metric_that_does_not_give_a_value_per_trial_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(METRICS._parts, "sum", Metric("maximize", lambda c, _: c.sum()))
    with pytest.raises(TrialError, match=r"metric sum: must return one value per trial, shape \("):
        EpochCounts(3, CPU, 2).compute("val")


def test_columns_goals_and_labels_come_from_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("train_loss", "train_acc", "train_f1", "val_loss", "val_acc", "val_f1")
    assert epoch_metrics() == names
    assert [goal_of(name) for name in ("best_val_loss", "last_train_acc", "test_f1", "loss")] == [
        "minimize",
        "maximize",
        "maximize",
        "minimize",
    ]
    monkeypatch.setitem(METRICS._parts, "nats", Metric("minimize", per_image, {"en": "nats"}))
    assert goal_of("best_val_nats") == "minimize"
    assert label("val_nats", "en") == "validation nats"
    assert label("val_nats", "de") == "val_nats", "nobody gave a German word"
    assert label("val_acc", "de") == "Validierungsgenauigkeit"
    assert label("train_f1", "de") == "Makro-F1 (Training)"


def test_a_value_that_is_missing_is_worse_than_any() -> None:
    nan = float("nan")
    assert better(0.1, None, maximize=True)
    assert better(0.1, nan, maximize=True)
    assert not better(None, 0.1, maximize=True)
    assert not better(nan, 0.1, maximize=False)
    assert not better(nan, None, maximize=True)
    assert better(0.1, 0.2, maximize=False)
