"""Exact metrics of an epoch, from one confusion matrix per trial.

Averaging a metric over batches, as the reference study did, biases macro F1 downwards. Counting
takes one `bincount` for many batches, so nothing is computed at every step.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from tune_mc1.config.metrics import METRICS, Split
from tune_mc1.errors import TrialError


class EpochCounts:
    """Counts predictions over an epoch.

    Args:
        classes: Number of classes.
        device: Device of the counts.
        trials: Number of trials that predict at once.
    """

    def __init__(self, classes: int, device: torch.device, trials: int = 1) -> None:
        self.classes, self.trials = classes, trials
        self.confusion = torch.zeros((trials, classes, classes), dtype=torch.int64, device=device)
        self.loss_sums = torch.zeros(trials, dtype=torch.float64, device=device)

    def add(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Adds predictions.

        Args:
            logits: (N, classes) of one trial, or (trials, N, classes), before softmax.
            labels: int64 (N,), or (trials, N).

        Returns:
            The sum of each trial's loss over the N images, (trials,).
        """
        logits = logits.reshape(self.trials, -1, self.classes)
        labels = labels.expand(self.trials, logits.shape[1])
        each = cross_entropy(
            logits.reshape(-1, self.classes).float(), labels.reshape(-1), reduction="none"
        )
        sums = each.view(self.trials, -1).sum(dim=1)
        self.loss_sums += sums
        base = torch.arange(self.trials, device=labels.device)[:, None] * self.classes**2
        cells = base + labels * self.classes + logits.argmax(dim=2)
        counts = torch.bincount(cells.view(-1), minlength=self.confusion.numel())
        self.confusion += counts.view_as(self.confusion)
        return sums

    def of_each(self) -> list[dict[str, Tensor]]:
        """Each trial's counts so far, as copies, for `restore`."""
        return [
            {"confusion": counts.clone(), "loss_sum": total.clone()}
            for counts, total in zip(self.confusion, self.loss_sums, strict=True)
        ]

    def restore(self, each: Sequence[Mapping[str, Any]]) -> None:
        """Goes on from each trial's counts, on any device."""
        self.confusion.copy_(torch.stack([own["confusion"] for own in each]))
        self.loss_sums.copy_(torch.stack([own["loss_sum"] for own in each]))

    def compute(self, split: Split) -> list[dict[str, float]]:
        """Each trial's metrics so far.

        Returns:
            For each trial, the value of every metric of `METRICS`, as `{split}_{name}`.

        Raises:
            TrialError: If a metric of another package does not return one value per trial.
        """
        confusion = self.confusion.double()
        columns = {}
        for name, metric in METRICS.items():
            values = metric.function()(confusion, self.loss_sums)
            if values.shape != (self.trials,):
                raise TrialError(
                    f"metric {name}: must return one value per trial, shape ({self.trials},), got "
                    f"shape {tuple(values.shape)}"
                )
            columns[f"{split}_{name}"] = values.double()
        rows = torch.stack(list(columns.values()), dim=1).tolist()
        return [dict(zip(columns, row, strict=True)) for row in rows]


def mean_loss(confusion: Tensor, loss_sums: Tensor) -> Tensor:
    """Mean cross-entropy over the images, in nats."""
    return loss_sums / confusion.sum(dim=(1, 2))


def accuracy(confusion: Tensor, _: Tensor) -> Tensor:
    """Fraction of correctly classified images, in [0, 1]."""
    return confusion.diagonal(dim1=1, dim2=2).sum(dim=1) / confusion.sum(dim=(1, 2))


def macro_f1(confusion: Tensor, _: Tensor) -> Tensor:
    """F1 averaged over the classes that occur in labels or predictions, in [0, 1].

    Same definition as in scikit-learn and torchmetrics.
    """
    both = confusion.sum(dim=1) + confusion.sum(dim=2)
    hits = confusion.diagonal(dim1=1, dim2=2)
    return torch.nanmean(2 * hits / both, dim=1)  # 0 / 0 where a class does not occur
