"""Metrics of an epoch: their registry, columns and direction of improvement.

To add one, add an entry here, or call `METRICS.register(name, Metric(...))` in another package.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from tune_mc1.config.field_types import Lang
from tune_mc1.registry import Registry, resolve

if TYPE_CHECKING:
    from torch import Tensor

Goal = Literal["minimize", "maximize"]
Split = Literal["train", "val", "test"]
Compute = Callable[["Tensor", "Tensor"], "Tensor"]

SPLITS: tuple[Split, ...] = ("train", "val", "test")
"""Splits of the images: metrics of the first two after every epoch, of the last for the winner."""

SPLIT_WORDS: dict[Split, dict[Lang, str]] = {
    "train": {"en": "training", "de": "Training"},
    "val": {"en": "validation", "de": "Validierung"},
    "test": {"en": "test", "de": "Test"},
}


@dataclass(frozen=True, eq=False)
class Metric:
    """A score of the predictions on the images of a split.

    Attributes:
        goal: `maximize` if higher is better, else `minimize`.
        compute: A function, or its path `package.module:function` if it imports torch. It maps
            float64 confusion matrices (trials, classes, classes), by label and predicted class, and
            float64 sums of the images' losses (trials,) in nats to values (trials,); nan for a
            trial without a value.
        words: Its label in reports, by language; defaults to its name.
        split_words: Labels by split and language, for those that are not composed of the word for
            the split and `words`.
        limits: Range of its values, which figures stay within; None if unlimited.
    """

    goal: Goal
    compute: str | Compute
    words: Mapping[Lang, str] = field(default_factory=dict)
    split_words: Mapping[tuple[Split, Lang], str] = field(default_factory=dict)
    limits: tuple[float, float] | None = None

    def function(self) -> Compute:
        """The function that computes it, imported if necessary."""
        if isinstance(self.compute, str):
            found: Compute = resolve(self.compute)
            return found
        return self.compute


METRICS: Registry[Metric] = Registry("metric")
METRICS.register(
    "loss",
    Metric(
        "minimize",
        "tune_mc1.training.epoch_counts:mean_loss",
        {"en": "cross-entropy loss", "de": "Kreuzentropie"},
        {
            ("train", "en"): "training loss",
            ("val", "en"): "validation loss",
            ("train", "de"): "Trainingsverlust",
            ("val", "de"): "Validierungsverlust",
        },
    ),
)
METRICS.register(
    "acc",
    Metric(
        "maximize",
        "tune_mc1.training.epoch_counts:accuracy",
        {"en": "accuracy", "de": "Genauigkeit"},
        {("train", "de"): "Trainingsgenauigkeit", ("val", "de"): "Validierungsgenauigkeit"},
        (0.0, 1.0),
    ),
)
METRICS.register(
    "f1",
    Metric(
        "maximize",
        "tune_mc1.training.epoch_counts:macro_f1",
        {"en": "macro F1", "de": "Makro-F1"},
        limits=(0.0, 1.0),
    ),
)


def epoch_metrics() -> tuple[str, ...]:
    """Columns of the metrics of each epoch, such as `val_acc`."""
    names = tuple(METRICS)
    return tuple(f"{split}_{name}" for split in SPLITS[:2] for name in names)


def test_metrics() -> tuple[str, ...]:
    """Columns of the winner's metrics on the test images, such as `test_acc`."""
    return tuple(f"test_{name}" for name in METRICS)


def shown_test_metrics(metric: str) -> tuple[str, ...]:
    """Columns that show how the winner does on the test images, most important first.

    Args:
        metric: The metric that chose the winner, such as `val_f1`.

    Returns:
        The same metric on the test images, if it is registered, and `test_acc`.
    """
    split, _ = split_metric(metric)
    _, _, name = metric.partition("_")
    known = name in METRICS or (split is not None and _find(name) is not None)
    return tuple(dict.fromkeys(f"test_{n}" for n in ([name] if known else []) + ["acc"]))


def _find(name: str) -> Metric | None:
    from tune_mc1.config.chosen_metrics import OF_NETWORK, SCORES  # they are metrics too

    return METRICS.get(name) or SCORES.get(name) or OF_NETWORK.get(name)


def split_metric(column: str) -> tuple[Split | None, Metric | None]:
    """Splits a column's name into split and metric; None for a part that is missing.

    Args:
        column: Name such as `acc`, `val_acc` or `best_val_acc`.
    """
    name = column.removeprefix("best_").removeprefix("last_")
    for split in SPLITS:
        if name.startswith(f"{split}_"):
            return split, _find(name.removeprefix(f"{split}_"))
    return None, _find(name)


def goal_of(column: str) -> Goal:
    """Direction in which a metric improves; `maximize` if it is not registered.

    Args:
        column: As in `split_metric`.
    """
    _, metric = split_metric(column)
    return "maximize" if metric is None else metric.goal


_NOT_NEGATIVE = frozenset({"loss", "nll", "latency_ms", "param_count"})


def possible_range(column: str) -> tuple[float, float]:
    """Least and greatest value that a metric can have; infinite where there is none.

    Args:
        column: As in `split_metric`.
    """
    _, metric = split_metric(column)
    if metric is not None and metric.limits is not None:
        return metric.limits
    ours = metric is not None and any(metric is _find(name) for name in _NOT_NEGATIVE)
    return (0.0 if ours else -math.inf), math.inf


def metric_label(column: str, lang: Lang) -> str:
    """Label of a metric; empty if it has none.

    Args:
        column: As in `split_metric`.
        lang: The language.
    """
    split, metric = split_metric(column)
    words = "" if metric is None else metric.words.get(lang, "")
    if metric is None or split is None or not words:
        return words
    where = SPLIT_WORDS[split][lang]
    made = f"{where} {words}" if lang == "en" else f"{words} ({where})"
    return metric.split_words.get((split, lang), made)


def better(new: float | None, old: float | None, *, maximize: bool) -> bool:
    """True if `new` is better than `old`; a missing value, or nan, is worse than any other."""
    if new is None or math.isnan(new):
        return False
    if old is None or math.isnan(old):
        return True
    return new > old if maximize else new < old
