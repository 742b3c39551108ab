"""Splits into training and validation images: seeded, stratified by class, fixed for a sweep."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tune_mc1.config.validation import Folds, Holdout, Validation
from tune_mc1.data.images import ImageData, Labels
from tune_mc1.errors import DataError
from tune_mc1.seeding import derive_seed

Indices = NDArray[np.int64]
LIMIT_SEED = 42


@dataclass(frozen=True)
class Split:
    """Training and validation images of a trial.

    Attributes:
        train: Ascending positions in the training images.
        val: Ascending positions in the images that `val_from` names.
        val_from: `train` if the validation images were held out from the training images, `val` if
            they are the validation images of the data set, `test` if they are the test images.
    """

    train: Indices
    val: Indices
    val_from: Literal["train", "val", "test"] = "train"


def make_split(data: ImageData, validation: Validation, fold: int | None = None) -> Split:
    """The split of a trial, the same for equal images and equal `validation`.

    Args:
        data: The images.
        validation: Choice of the validation images.
        fold: The validation fold, in [0, folds); required with `Folds`, else None.

    Raises:
        DataError: If a class has too few images, or there are no validation images.
        ValueError: If `fold` does not fit `validation`.
    """
    folds = validation.folds if isinstance(validation, Folds) else 0
    if (fold is not None) != bool(folds) or (fold is not None and not 0 <= fold < folds):
        raise ValueError(f"fold must be in [0, folds) with folds, else None, got {fold}")
    labels = data.train_labels
    if isinstance(validation, Folds):
        held_out = fold_of(labels, validation.folds, validation.seed, data.classes) == fold
    elif isinstance(validation, Holdout):
        held_out = holdout_mask(labels, validation.holdout, validation.seed, data.classes)
    elif validation not in data.splits:
        raise DataError(
            "validation: must be `{holdout: 0.1}`, `{folds: 10}` or `test`, as "
            f"{data.name} has no validation images, got {validation!r}"
        )
    else:
        count = len(data.splits[validation][1])
        return Split(np.arange(len(labels)), np.arange(count), validation)
    return Split(np.flatnonzero(~held_out), np.flatnonzero(held_out))


def limit_images(data: ImageData, part: float) -> ImageData:
    """A fraction of every class, of each split; the data itself if it has been limited so.

    Args:
        data: The images.
        part: Fraction of each class, in (0, 1].

    Raises:
        DataError: If a class has a single image.
    """
    if part == data.part:
        return data
    masks = limit_masks({split: pair[1] for split, pair in data.splits.items()}, data.classes, part)
    chosen = {split: (x[masks[split]], y[masks[split]]) for split, (x, y) in data.splits.items()}
    train, test = chosen["train"], chosen["test"]
    made = ImageData.build(data.name, train, test, data.classes, chosen.get("val"))
    return replace(made, part=part)


def limit_masks(
    labels: Mapping[str, Labels], classes: tuple[str, ...], part: float
) -> dict[str, NDArray[np.bool_]]:
    """Marks a fraction of every class of each split; see `limit_images`."""
    if part == 1:
        return {split: np.ones(len(own), np.bool_) for split, own in labels.items()}
    least = {split: 2 if split == "train" else 0 for split in labels}
    return {
        split: holdout_mask(own, part, LIMIT_SEED, classes, at_least=least[split])
        for split, own in labels.items()
    }


def holdout_mask(
    labels: Labels, part: float, seed: int, classes: tuple[str, ...], at_least: int = 2
) -> NDArray[np.bool_]:
    """Marks a fraction of every class, rounded, but never none, nor all of two images or more.

    Args:
        labels: int64 (N,).
        part: Fraction of each class, in (0, 1).
        seed: Seed of the selection.
        classes: The names of the classes, for messages.
        at_least: Number of images that every class must have.

    Raises:
        DataError: If a class has fewer images.
    """
    mask = np.zeros(len(labels), np.bool_)
    for shuffled in _shuffled_classes(labels, seed, classes, at_least):
        count = min(max(round(len(shuffled) * part), 1), max(len(shuffled) - 1, 1))
        mask[shuffled[:count]] = True
    return mask


def fold_of(labels: Labels, folds: int, seed: int, classes: tuple[str, ...]) -> Indices:
    """The fold of every image: sizes differ by at most one, in each class and in total.

    Args:
        labels: int64 (N,).
        folds: Number of folds, at least 2.
        seed: Seed of the partition.
        classes: The names of the classes, for messages.

    Raises:
        DataError: If a class has fewer images than there are folds.
    """
    result = np.empty(len(labels), np.int64)
    dealt = 0
    for shuffled in _shuffled_classes(labels, seed, classes, at_least=folds):
        # Dealing continues where the last class ended, so that no fold gets all the remainders.
        result[shuffled] = (dealt + np.arange(len(shuffled))) % folds
        dealt += len(shuffled)
    return result


def _shuffled_classes(
    labels: Labels, seed: int, classes: tuple[str, ...], at_least: int
) -> list[Indices]:
    """Positions of each class in random order, by sorting (the same in every NumPy version)."""
    shuffled = []
    for c, name in enumerate(classes):
        positions = np.flatnonzero(labels == c)
        if len(positions) < at_least:
            raise DataError(
                f"class {name!r}: must have at least {at_least} training images for this "
                f"validation, got {len(positions)}"
            )
        keys = np.random.Generator(np.random.PCG64(derive_seed(seed, "split", c)))
        shuffled.append(positions[np.argsort(keys.random(len(positions)), kind="stable")])
    return shuffled
