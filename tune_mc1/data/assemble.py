"""Assembly of a data set from compressed images and labels, with the checks of all sources."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from tune_mc1.data.decode_image import Encoded
from tune_mc1.data.decoding import Decoding, decoded
from tune_mc1.data.images import ImageData, Labels, Pixels
from tune_mc1.data.mapped import MappedFile
from tune_mc1.data.request import Notify, Request
from tune_mc1.data.splits import holdout_mask, limit_masks
from tune_mc1.errors import DataError

TEST_SEED = 42
SPLITS = ("train", "val", "test")
UNKNOWN = "unknown"
"""Fingerprint of images that are not decoded."""


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
    name: str, where: Path, parts: Mapping[str, Part], classes: tuple[str, ...], request: Request
) -> ImageData:
    """Checks the labels, decodes the images, and splits off test images if there are none.

    Args:
        name: Name of the data set.
        where: Path of the data set, for messages.
        parts: The images of `train`, and of `val` and `test` if there are any.
        classes: Names of the classes; empty if they follow from the labels.
        request: What is wanted.

    Raises:
        DataError: Naming the faulty image.
    """
    for split, part in parts.items():
        if not part.images:
            what = "" if len(parts) == 1 else f" in its {split} split"
            raise DataError(f"{where}: must have images{what}, got none")
    numbers = {split: part.labels for split, part in parts.items()}
    classes = _check_labels(where, numbers, classes, lambda s, i: parts[s].images[i].where)
    names = [split for split in SPLITS if split in parts]
    labels = np.concatenate([numbers[split] for split in names])
    split_of = np.repeat(np.arange(len(names)), [len(numbers[split]) for split in names])
    notices = []
    if "test" not in parts:
        notices.append(_split_off_test(where, labels, split_of, classes))
        names.append("test")
    everything = np.arange(len(labels))
    positions = {split: everything[split_of == i] for i, split in enumerate(names)}
    masks = limit_masks({s: labels[p] for s, p in positions.items()}, classes, request.part)
    positions = {split: own[masks[split]] for split, own in positions.items()}
    targets = {split: labels[own] for split, own in positions.items()}
    ends = np.cumsum([len(own) for own in targets.values()]).tolist()

    def build(
        images: Pixels, known: str | None = None, mapped: MappedFile | None = None
    ) -> ImageData:
        parts = [images[start:end] for start, end in pairwise([0, *ends])]  # views, not copies
        pairs = {split: (own, targets[split]) for split, own in zip(names, parts, strict=True)}
        known = known if request.pixels else UNKNOWN
        train, test, val = pairs["train"], pairs["test"], pairs.get("val")
        data = ImageData.build(name, train, test, classes, val, fingerprint=known)
        return replace(data, mapped=mapped, part=request.part)

    order = np.concatenate([*positions.values()])
    encoded = [image for split in names if split in parts for image in parts[split].images]
    place = np.argsort(order, kind="stable")  # images are decoded in their order in the source
    wanted = [encoded[i] for i in order[place]]
    data = decoded(Decoding(name, where, wanted, place, list(targets.values())), request, build)
    for notice in notices:
        request.notify(notice)
    _say_absent(where, targets, classes, request.notify)
    return data


def assemble_arrays(
    name: str,
    where: Path,
    arrays: Mapping[str, tuple[Pixels, Labels]],
    classes: tuple[str, ...],
    notify: Notify,
) -> ImageData:
    """Checks the labels of images that are arrays, and splits off test images if there are none.

    Args:
        name: Name of the data set.
        where: Path of the data set, for messages.
        arrays: The images and labels of `train`, and of `val` and `test` if there are any.
        classes: Names of the classes; empty if they follow from the labels.
        notify: Called with each notice for the user.

    Raises:
        DataError: Naming the faulty image.
    """
    made = dict(arrays)
    for split, (images, _) in made.items():
        if not len(images):
            raise DataError(f"{where}: must have images in its {split} split, got none")
    numbers = {split: labels for split, (_, labels) in made.items()}
    classes = _check_labels(where, numbers, classes, lambda s, i: f"{where}: {s} image {i}")
    if "test" not in made:
        images, labels = made["train"]
        split_of = np.zeros(len(labels), np.int64)
        notify(_split_off_test(where, labels, split_of, classes))
        for split, number in (("train", 0), ("test", 1)):
            made[split] = images[split_of == number], labels[split_of == number]
    _say_absent(where, {split: labels for split, (_, labels) in made.items()}, classes, notify)
    return ImageData.build(name, made["train"], made["test"], classes, made.get("val"))


def _split_off_test(where: Path, labels: Labels, split_of: Labels, classes: tuple[str, ...]) -> str:
    """Marks a sixth of the training images, those of split 0, as the last split; a notice of it."""
    training = np.flatnonzero(split_of == 0)
    held_out = holdout_mask(labels[training], 1 / 6, TEST_SEED, classes)
    split_of[training[held_out]] = split_of.max() + 1
    return (
        f"{where}: no test images found, so a sixth of each class ({held_out.sum():,} images, "
        f"selected with seed {TEST_SEED}) is the test split"
    )


def _say_absent(
    where: Path, labels: Mapping[str, Labels], classes: tuple[str, ...], notify: Notify
) -> None:
    for split, own in labels.items():
        absent = sorted(set(range(len(classes))) - set(own.tolist()))
        if absent:
            names = ", ".join(classes[c] for c in absent[:3]) + ("" if len(absent) < 4 else ", ...")
            notify(f"{where}: no {split} images of {_counted(len(absent))} ({names})")


def _counted(classes: int) -> str:
    return "1 class" if classes == 1 else f"{classes} classes"


def _check_labels(
    where: Path,
    numbers: Mapping[str, Labels],
    classes: tuple[str, ...],
    place: Callable[[str, int], str],
) -> tuple[str, ...]:
    """Checks that every label is valid and every class has training images; returns class names."""
    labels = np.unique(numbers["train"])
    known = len(classes) or int(labels[-1]) + 1
    for split, own in numbers.items():
        if len(wrong := np.flatnonzero((own < 0) | (own >= known))):
            raise DataError(
                f"{place(split, int(wrong[0]))}: label must be in 0 to {known - 1} (there are "
                f"{known} classes in training), got {own[wrong[0]]}"
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
