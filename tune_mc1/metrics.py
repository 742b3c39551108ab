"""Loss, accuracy and macro F1 of an epoch, exact, from one confusion matrix.

Averaging a metric over batches, as the reference study did, biases macro F1 low. Counting costs one
`bincount` for many batches, so nothing is computed on every step.
"""

import torch
from torch import Tensor


class EpochCounts:
    """Counts predictions over an epoch.

    Args:
        classes: Number of classes.
        device: Where the counts are kept.
    """

    def __init__(self, classes: int, device: torch.device) -> None:
        self.classes = classes
        self.confusion = torch.zeros(classes * classes, dtype=torch.int64, device=device)
        self.loss_sum = torch.zeros((), dtype=torch.float64, device=device)

    def add(self, logits: Tensor, labels: Tensor, loss_sum: Tensor) -> None:
        """Takes in predictions.

        Args:
            logits: (N, classes), before softmax.
            labels: int64 (N,).
            loss_sum: Scalar, the sum of the loss over the N images.
        """
        cells = labels * self.classes + logits.argmax(dim=1)
        self.confusion += torch.bincount(cells, minlength=self.classes**2)
        self.loss_sum += loss_sum

    def compute(self, prefix: str) -> dict[str, float]:
        """The metrics so far: `{prefix}_loss` in nats, `{prefix}_acc` and `{prefix}_f1` in [0, 1].

        Macro F1 is over the classes that occur in labels or predictions, as in scikit-learn and
        torchmetrics.
        """
        counts = self.confusion.view(self.classes, self.classes).double()
        hits = counts.diag()
        total = counts.sum()
        both = counts.sum(dim=0) + counts.sum(dim=1)
        f1 = (2 * hits / both)[both > 0].mean()
        values = torch.stack([self.loss_sum / total, hits.sum() / total, f1]).tolist()
        return dict(zip((f"{prefix}_loss", f"{prefix}_acc", f"{prefix}_f1"), values, strict=True))
