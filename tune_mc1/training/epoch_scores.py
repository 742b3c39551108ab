"""Metrics that a sweep chooses: of all logits of an epoch, or of the network."""

import time
from collections.abc import Callable, Sequence
from statistics import median

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from tune_mc1.config.chosen_metrics import score_function, score_name

ECE_BINS = 15
"""Bins of confidence (Guo et al., ICML 2017)."""

WARM_RUNS, TIMED_RUNS = 10, 50
"""Predictions before the latency is measured, and those whose median it is."""


class EpochScores:
    """Keeps the logits of an epoch, for scores that are exact over all its images.

    Args:
        chosen: Columns that the sweep chooses (`tune_mc1.config.chosen_metrics`); without a score
            among them, nothing is kept.
        trials: Number of trials that predict at once.
    """

    def __init__(self, chosen: Sequence[str], trials: int = 1) -> None:
        self.names = [name for column in chosen if (name := score_name(column))]
        self.trials = trials
        self._logits: list[Tensor] = []
        self._labels: list[Tensor] = []

    def add(self, logits: Tensor, labels: Tensor) -> None:
        """Adds predictions.

        Args:
            logits: (N, classes) of one trial, or (trials, N, classes), before softmax.
            labels: int64 (N,), or (trials, N).
        """
        if self.names:
            classes = logits.shape[-1]
            self._logits.append(logits.reshape(self.trials, -1, classes).float())
            self._labels.append(labels.expand(self.trials, self._logits[-1].shape[1]))

    def compute(self, split: str) -> list[dict[str, float]]:
        """Each trial's scores so far, as `{split}_{name}`."""
        if not self.names:
            return [{} for _ in range(self.trials)]
        functions = {name: score_function(name) for name in self.names}
        logits, labels = torch.cat(self._logits, dim=1), torch.cat(self._labels, dim=1)
        return [
            {f"{split}_{name}": float(score(*own)) for name, score in functions.items()}
            for own in zip(logits, labels, strict=True)
        ]


def auroc(logits: Tensor, labels: Tensor) -> Tensor:
    """Area under the ROC curve of each class against the others, averaged over the classes.

    Same definition as scikit-learn's `roc_auc_score(multi_class="ovr", average="macro")`, for two
    classes also as its binary one. Classes without an image are left out; nan if all images are of
    one class.
    """
    scores = logits.double().softmax(dim=-1).T.contiguous()
    ordered = scores.sort(dim=1).values
    below = torch.searchsorted(ordered, scores)
    rank = (below + torch.searchsorted(ordered, scores, right=True) + 1) / 2  # ties share theirs
    classes = torch.arange(len(scores), device=labels.device)
    own = labels == classes[:, None]
    count = own.sum(dim=1)
    wins = torch.where(own, rank.double(), 0).sum(dim=1) - count * (count + 1) / 2
    return (wins / (count * (len(labels) - count))).nanmean()  # 0 / 0 where a class is absent


def balanced_accuracy(logits: Tensor, labels: Tensor) -> Tensor:
    """Recall averaged over the classes that have images."""
    hits, classes = labels[logits.argmax(dim=-1) == labels], logits.shape[-1]
    counts = labels.bincount(minlength=classes)
    return (hits.bincount(minlength=classes).double() / counts).nanmean()


def top5_accuracy(logits: Tensor, labels: Tensor) -> Tensor:
    """Fraction of images whose class has one of the five largest logits."""
    own = logits.gather(1, labels[:, None])
    return ((logits > own).sum(dim=1) < 5).double().mean()


def nll(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean negative log-likelihood of the labels, in nats."""
    return -logits.double().log_softmax(dim=-1).gather(1, labels[:, None]).mean()


def calibration_error(logits: Tensor, labels: Tensor) -> Tensor:
    """Expected calibration error: mean distance of confidence and accuracy in bins of confidence.

    With `ECE_BINS` bins of equal width, weighted by their images (Guo et al., ICML 2017).
    """
    confidence, predicted = logits.double().softmax(dim=-1).max(dim=-1)
    bins = (confidence * ECE_BINS).ceil().long().clamp(1, ECE_BINS) - 1
    gaps = (predicted == labels).double() - confidence
    # `bincount` with weights is not deterministic on a GPU, and therefore refused.
    sums = gaps @ one_hot(bins, ECE_BINS).double()
    return sums.abs().sum() / len(labels)


def latency_ms(predict: Callable[[Tensor], Tensor], image: Tensor) -> float:
    """Median time in milliseconds to predict one image that is on the device already.

    Args:
        predict: Maps images to logits.
        image: (1, ...).
    """
    times = []
    for run in range(WARM_RUNS + TIMED_RUNS):
        _wait(image)
        start = time.perf_counter()
        predict(image)
        _wait(image)
        if run >= WARM_RUNS:
            times.append(time.perf_counter() - start)
    return 1000 * median(times)


def param_count(module: nn.Module, trials: int) -> float:
    """Trained parameters of each of several trials that are one model."""
    return float(sum(p.numel() for p in module.parameters() if p.requires_grad) // trials)


def _wait(image: Tensor) -> None:
    if image.is_cuda:
        torch.cuda.synchronize(image.device)
