"""Metrics that only those sweeps compute that choose them. Does not import torch.

They need more than counts: all logits of an epoch, or the network itself. Those that every sweep
has, and those of other packages, are in `tune_mc1.config.metrics.METRICS`; one of these names that
another package registers there replaces ours.
"""

from dataclasses import dataclass

from tune_mc1.config.metrics import METRICS, Compute, Goal, Metric
from tune_mc1.registry import resolve

_SCORES = "tune_mc1.training.epoch_scores"


@dataclass(frozen=True, eq=False)
class Score(Metric):
    """A metric of all logits of an epoch.

    Its function maps float32 logits (N, classes) and int64 labels (N,) of one trial to a number.
    """


def _score(goal: Goal, function: str, en: str, de: str, unit: bool = True) -> Score:
    limits = (0.0, 1.0) if unit else None
    return Score(goal, f"{_SCORES}:{function}", {"en": en, "de": de}, limits=limits)


SCORES: dict[str, Score] = {
    "auroc": _score("maximize", "auroc", "macro AUROC", "Makro-AUROC"),
    "balanced_acc": _score(
        "maximize", "balanced_accuracy", "balanced accuracy", "balancierte Genauigkeit"
    ),
    "acc_top5": _score("maximize", "top5_accuracy", "top-5 accuracy", "Top-5-Genauigkeit"),
    "nll": _score("minimize", "nll", "negative log-likelihood", "negative Log-Likelihood", False),
    "ece": _score(
        "minimize", "calibration_error", "calibration error (ECE)", "Kalibrierungsfehler (ECE)"
    ),
}
"""Scores by name; computed on the validation images, and for the winner on the test images."""

OF_NETWORK: dict[str, Metric] = {
    "latency_ms": Metric(
        "minimize",
        f"{_SCORES}:latency_ms",
        {"en": "latency of one image, ms", "de": "Latenz eines Bilds, ms"},
    ),
    "param_count": Metric(
        "minimize",
        f"{_SCORES}:param_count",
        {"en": "trained parameters", "de": "trainierte Parameter"},
    ),
}
"""Metrics of the network by name; their functions are called by `ClassifierModule`."""


def chosen_columns() -> tuple[str, ...]:
    """Columns that a sweep can choose, such as `val_auroc` and `latency_ms`."""
    return (*(f"val_{name}" for name in SCORES if name not in METRICS), *OF_NETWORK)


def test_columns(chosen: tuple[str, ...]) -> tuple[str, ...]:
    """Columns of the winner's scores on the test images, given the chosen ones."""
    return tuple(f"test_{score_name(c)}" for c in chosen if score_name(c))


def score_name(column: str) -> str:
    """The score of a column, such as `auroc` of `val_auroc`; empty if it is none."""
    name = column.removeprefix("val_")
    return name if column != name and name in SCORES else ""


def score_function(name: str) -> Compute:
    """The function of a score, imported."""
    found: Compute = resolve(str(SCORES[name].compute))
    return found
