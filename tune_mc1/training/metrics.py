"""Loss, accuracy and macro F1 of an epoch, exact, from confusion matrices: one a trial.

Averaging a metric over batches, as the reference study did, biases macro F1 low. Counting costs one
`bincount` for many batches, so nothing is computed on every step.
"""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

NAMES = ("loss", "acc", "f1")


class EpochCounts:
    """Counts predictions over an epoch.

    Args:
        classes: Number of classes.
        device: Where the counts are kept.
        trials: How many trials predict at once.
    """

    def __init__(self, classes: int, device: torch.device, trials: int = 1) -> None:
        self.classes, self.trials = classes, trials
        self.confusion = torch.zeros((trials, classes, classes), dtype=torch.int64, device=device)
        self.loss_sums = torch.zeros(trials, dtype=torch.float64, device=device)

    def add(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Takes in predictions.

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

    def compute(self, prefix: str) -> list[dict[str, float]]:
        """Each trial's metrics so far.

        Returns:
            For each trial `{prefix}_loss` in nats, `{prefix}_acc` and `{prefix}_f1` in [0, 1].
            Macro F1 is over the classes that occur in labels or predictions, as in scikit-learn
            and torchmetrics.
        """
        counts = self.confusion.double()
        hits = counts.diagonal(dim1=1, dim2=2)
        total = counts.sum(dim=(1, 2))
        both = counts.sum(dim=1) + counts.sum(dim=2)
        f1 = torch.nanmean(2 * hits / both, dim=1)  # 0 / 0 where a class does not occur
        values = torch.stack([self.loss_sums / total, hits.sum(dim=1) / total, f1], dim=1)
        names = [f"{prefix}_{name}" for name in NAMES]
        return [dict(zip(names, row, strict=True)) for row in values.tolist()]
