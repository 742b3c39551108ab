"""Assembly of a data set from compressed images and labels, with the checks of all sources."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tune_mc1.data.decode import Encoded, decode_all
from tune_mc1.data.images import ImageData, Labels
from tune_mc1.data.splits import holdout_mask
from tune_mc1.errors import DataError

Notify = Callable[[str], None]
TEST_SEED = 42


@dataclass(frozen=True)
class Part:
    """The compressed images of a split.

    Attributes:
        images: One entry per image.
        labels: int64 (N,), in the same order.
    """

    images: list[Encoded]
    labels: Labels


def assemble(
    name: str, where: Path, parts: Sequence[Part], classes: tuple[str, ...], notify: Notify
) -> ImageData:
    """Checks the labels, decodes the images, and splits off test images if there are none.

    Args:
        name: Name of the data set.
        where: Path of the data set, for messages.
        parts: The training images, then the test images if there are any.
        classes: Names of the classes; empty if they follow from the labels.
        notify: Called with each notice for the user.

    Raises:
        DataError: Naming the faulty image.
    """
    if not all(part.images for part in parts):
        raise DataError(f"{where}: must have images, got none")
    classes = _check_labels(where, parts, classes)
    images = decode_all([image for part in parts for image in part.images])
    labels = np.concatenate([part.labels for part in parts])
    held_out = np.arange(len(labels)) >= len(parts[0].labels)
    if len(parts) == 1:
        held_out = holdout_mask(labels, 1 / 6, TEST_SEED, classes)
        notify(
            f"{where}: no test images found, so a sixth of each class ({held_out.sum():,} images, "
            f"selected with seed {TEST_SEED}) is the test split"
        )
        train, test = images[~held_out], images[held_out]
    else:  # views, not copies
        train, test = np.split(images, [len(parts[0].labels)])
    return ImageData.build(name, (train, labels[~held_out]), (test, labels[held_out]), classes)


def _check_labels(where: Path, parts: Sequence[Part], classes: tuple[str, ...]) -> tuple[str, ...]:
    """Checks that every label is valid and every class has training images; returns class names."""
    labels = np.unique(parts[0].labels)
    known = len(classes) or int(labels[-1]) + 1
    for part in parts:
        if len(wrong := np.flatnonzero((part.labels < 0) | (part.labels >= known))):
            raise DataError(
                f"{part.images[wrong[0]].where}: label must be in 0 to {known - 1} (there are "
                f"{known} classes in training), got {part.labels[wrong[0]]}"
            )
    if known < 2:
        raise DataError(f"{where}: must have at least 2 classes, got {known}")
    if len(labels) < known:
        gap = next(c for c, label in enumerate([*labels, known]) if c != label)
        name = classes[gap] if classes else str(gap)
        raise DataError(
            f"{where}: each of the {known} classes must have training images, got none of {name!r}"
        )
    return classes or tuple(str(c) for c in range(known))
