"""Scores of one trial on the test images."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torchmetrics import MeanMetric, Metric, MetricCollection
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score

from tune_mc1.training.epoch_counts import EpochCounts
from tune_mc1.training.epoch_scores import EpochScores


class TestScores:
    """Counts predictions of test images.

    Loss, accuracy and F1 are those of torchmetrics, in 32 bits, as in results of all versions.

    Args:
        classes: Number of classes.
        device: Device of the predictions.
        chosen: Metrics that the sweep records beside those of every sweep.
    """

    def __init__(self, classes: int, device: torch.device, chosen: Sequence[str]) -> None:
        kinds: dict[str, Metric | MetricCollection] = {
            "test_acc": MulticlassAccuracy(classes, average="micro"),
            "test_f1": MulticlassF1Score(classes, average="macro"),
        }
        self._metrics = MetricCollection(kinds).to(device)
        self._loss = MeanMetric().to(device)
        self._counts = EpochCounts(classes, device)
        self._scores = EpochScores(chosen)
        self._probabilities: list[Tensor] = []

    def add(self, logits: Tensor, labels: Tensor) -> None:
        """Adds predictions.

        Args:
            logits: (N, classes), before softmax.
            labels: int64 (N,).
        """
        self._metrics.update(logits, labels)
        self._loss.update(cross_entropy(logits, labels), len(labels))
        self._counts.add(logits, labels)
        self._scores.add(logits, labels)
        self._probabilities.append(logits.float().softmax(dim=-1))

    def compute(self) -> dict[str, float]:
        """All metrics, as `test_{name}`."""
        own = {"test_loss": self._loss.compute(), **self._metrics.compute()}
        (counted,), (chosen,) = self._counts.compute("test"), self._scores.compute("test")
        return counted | chosen | {name: float(value) for name, value in own.items()}

    def predictions(self) -> tuple[Tensor, Tensor]:
        """Predicted class of each image, int64 (N,), and its probability, float (N,)."""
        confidence, predicted = torch.cat(self._probabilities).max(dim=-1)
        return predicted, confidence
