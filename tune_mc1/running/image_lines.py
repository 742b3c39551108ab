"""What is said of the images of a sweep: before training, and of a winner that learnt nothing."""

from collections.abc import Sequence

import numpy as np

from tune_mc1.config.sweep import Sweep
from tune_mc1.data.images import ImageData, Labels
from tune_mc1.data.splits import make_split
from tune_mc1.planning.plan import Plan
from tune_mc1.results.schema import Row
from tune_mc1.results.settings import winners
from tune_mc1.results.tables import SweepTables


def images_line(plan: Plan, data: ImageData) -> str:
    """One line: classes, images of each split, their size, and the largest class.

    Args:
        plan: The plan, whose sweep says which images validate.
        data: The images.
    """
    fold = plan.trials[0].fold if plan.trials else None
    split = make_split(data, plan.sweep.validation, fold)
    counts = [f"{len(split.train):,} training"]
    if split.val_from != "test":
        counts.append(f"{len(split.val):,} validation")
    counts.append(f"{len(data.test_labels):,} test")
    channels, height, width = data.image_shape
    colour = {1: "grey", 3: "RGB"}.get(channels, f"{channels} channels")
    largest, share = _largest(data.train_labels, len(data.classes))
    return (
        f"Images: {data.name}, {len(data.classes)} classes; {', '.join(counts)} images of "
        f"{width}x{height} ({colour}); largest class {data.classes[largest]}, {share:.1%} of the "
        "training images"
    )


def constant_guess(tables: SweepTables, sweep: Sweep, data: ImageData) -> str | None:
    """Says that the winner is no better than a guess that is always the same, if it is not.

    The guess is the largest class of the training images.

    Args:
        tables: The results.
        sweep: The sweep.
        data: The images.
    """
    best = winners(tables)
    if not best:
        return None
    labels, where, column = data.test_labels, "test", "test_acc"
    if any(row[column] is None for row in best):
        labels, where, column = _validated(best, sweep, data), "validation", "best_val_acc"
    if any(row[column] is None for row in best):
        return None
    accuracy = float(np.mean([row[column] for row in best]))
    largest, _ = _largest(data.train_labels, len(data.classes))
    guess = float(np.mean(labels == largest))
    if accuracy > guess + 1e-6:
        return None
    return (
        f"The winner's accuracy on the {where} images ({accuracy:.4g}) is no better than always "
        f"guessing {data.classes[largest]} ({guess:.4g})"
    )


def _validated(best: Sequence[Row], sweep: Sweep, data: ImageData) -> Labels:
    split = make_split(data, sweep.validation, best[0]["fold"])
    return data.splits[split.val_from][1][split.val]


def _largest(labels: Labels, classes: int) -> tuple[int, float]:
    """The class with most images, and its share of them."""
    counts = np.bincount(labels, minlength=classes)
    return int(counts.argmax()), float(counts.max() / counts.sum())
