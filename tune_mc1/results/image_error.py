"""Standard error of a score that comes from its images, from the winner's stored predictions."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pyarrow import ArrowException

from tune_mc1.config.metrics import split_metric
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.parquet_table import integers, read_parquet

Labels = NDArray[np.int64]
Floats = NDArray[np.float64]

Method = Literal["binomial", "jackknife"]
"""How an error was computed: that of a share of independent images, or leaving out each image."""


@dataclass(frozen=True)
class ImageError:
    """Standard error of the winner's score on the test images.

    Attributes:
        column: The score, such as `test_f1`.
        error: Its standard error.
        images: Number of test images.
        method: How the error was computed.
    """

    column: str
    error: float
    images: int
    method: Method = "jackknife"


def image_error(where: ResultDir, metric: str, winner: Sequence[str]) -> ImageError | None:
    """Standard error of the winner's score on the test images.

    The accuracy of one trial is a binomial share. For all else each image is left out in turn (the
    jackknife: Efron and Stein, Annals of Statistics 9, 1981). All trials of the winner predict the
    same images, so that their mean is taken first: their number does not lower the error.

    Args:
        where: The result directory.
        metric: The sweep's metric, such as `val_f1`.
        winner: Ids of the trials of the best setting.

    Returns:
        None without stored predictions of these trials, and for a metric that needs more than the
        predicted classes.
    """
    name = metric.partition("_")[2]
    left_out = _left_out(metric)
    if left_out is None:
        return None
    try:
        table = read_parquet(where.predictions, columns=["trial", "label", "predicted"])
    except (ArrowException, OSError, KeyError):
        return None
    trials = np.asarray(table["trial"].to_pylist())
    label, predicted = (integers(table, name) for name in ("label", "predicted"))
    own = [trials == trial for trial in dict.fromkeys(trials.tolist())]
    if not own or not set(trials.tolist()) <= set(winner):
        return None
    if left_out is accuracy_left_out and len(own) == 1:
        share = float((label == predicted).mean())
        error = math.sqrt(share * (1 - share) / len(label))
        return ImageError(f"test_{name}", error, len(label), "binomial")
    values = np.mean([left_out(label[rows], predicted[rows]) for rows in own], axis=0)
    count = len(values)
    if count < 2:
        return None
    error = math.sqrt((count - 1) / count * float(((values - values.mean()) ** 2).sum()))
    return ImageError(f"test_{name}", error, count)


def _left_out(metric: str) -> Callable[[Labels, Labels], Floats] | None:
    """The function that scores all images but one, for each image; None if there is none."""
    found = split_metric(metric)[1]
    compute: Any = None if found is None else found.compute  # of another package: a function
    return _LEFT_OUT.get(compute) if isinstance(compute, str) else None


def accuracy_left_out(label: Labels, predicted: Labels) -> Floats:
    """Accuracy without each of the images (N,)."""
    hits = label == predicted
    return np.asarray((hits.sum() - hits) / (len(hits) - 1), dtype=np.float64)


def balanced_accuracy_left_out(label: Labels, predicted: Labels) -> Floats:
    """Balanced accuracy without each of the images (N,)."""
    hits = label == predicted
    images = np.bincount(label)
    right = np.bincount(label[hits], minlength=len(images))
    recall = right / np.maximum(images, 1)
    others = images[label] - 1
    new = (right[label] - hits) / np.maximum(others, 1)
    total = recall.sum() - recall[label] + new
    return np.asarray(total / ((images > 0).sum() - (others == 0)), dtype=np.float64)


def macro_f1_left_out(label: Labels, predicted: Labels) -> Floats:
    """Macro F1 without each of the images (N,)."""
    classes = int(max(label.max(), predicted.max())) + 1
    hits = label == predicted
    right = np.bincount(label[hits], minlength=classes)
    both = np.bincount(label, minlength=classes) + np.bincount(predicted, minlength=classes)
    score = 2 * right / np.maximum(both, 1)
    own = both[label] - 1 - hits  # a right image counts twice in its class
    other = both[predicted] - 1
    new = 2 * (right[label] - hits) / np.maximum(own, 1)
    change = new - score[label]
    moved = 2 * right[predicted] / np.maximum(other, 1) - score[predicted]
    total = score.sum() + change + np.where(hits, 0, moved)
    gone = (own == 0) + np.where(hits, 0, other == 0)
    return np.asarray(total / ((both > 0).sum() - gone), dtype=np.float64)


_LEFT_OUT = {
    "tune_mc1.training.epoch_counts:accuracy": accuracy_left_out,
    "tune_mc1.training.epoch_counts:macro_f1": macro_f1_left_out,
    "tune_mc1.training.epoch_scores:balanced_accuracy": balanced_accuracy_left_out,
}
"""By the function that computes the metric."""
