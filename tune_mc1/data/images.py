"""Decoded data set as plain arrays, the form in which trials receive it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tune_mc1.files import utf8

if TYPE_CHECKING:
    from tune_mc1.data.mapped import MappedFile

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]
Statistics = tuple[tuple[float, ...], tuple[float, ...]]


@dataclass(frozen=True)
class ImageData:
    """A labelled image data set in memory.

    Attributes:
        name: Its name in results and figures, such as `cifar10-jpeg75`.
        fingerprint: Hash of all pixels and labels in order, sixteen hex digits.
        train_images: uint8 (N, height, width, channels).
        train_labels: int64 (N,), in [0, len(classes)).
        test_images: uint8 (M, height, width, channels).
        test_labels: int64 (M,).
        classes: Names of the classes, in the order of the labels.
        val_images: uint8 (V, height, width, channels), if the data set has validation images.
        val_labels: int64 (V,), likewise.
        statistics: Mean and standard deviation of each channel of the training images, on a scale
            from 0 to 1; None if no trial needs them.
        mapped: The file of all images, if they are mapped into memory.
        part: Fraction of the images of each class that it has (`limit_images`).
    """

    name: str
    fingerprint: str
    train_images: Pixels
    train_labels: Labels
    test_images: Pixels
    test_labels: Labels
    classes: tuple[str, ...]
    val_images: Pixels | None = None
    val_labels: Labels | None = None
    statistics: Statistics | None = None
    mapped: "MappedFile | None" = None
    part: float = 1.0

    @classmethod
    def build(
        cls,
        name: str,
        train: tuple[Pixels, Labels],
        test: tuple[Pixels, Labels],
        classes: Sequence[str],
        val: tuple[Pixels, Labels] | None = None,
        fingerprint: str | None = None,
    ) -> "ImageData":
        """A data set from its arrays, with the fingerprint computed unless it is known.

        Args:
            name: Its name in results and figures.
            train: Training images (N, height, width, channels) and labels (N,).
            test: The same for the test split.
            classes: Names of the classes, in the order of the labels.
            val: The same for the validation split, if there is one.
            fingerprint: The fingerprint, if it is known.
        """
        fingerprint = fingerprint or fingerprint_of([*train, *test, *(val or ())])
        names = tuple(map(utf8, classes))
        return cls(utf8(name), fingerprint, *train, *test, names, *(val or ()))

    @property
    def splits(self) -> dict[str, tuple[Pixels, Labels]]:
        """Images and labels by the name of their split: `train`, `val` if there is one, `test`."""
        parts = {"train": (self.train_images, self.train_labels)}
        if self.val_images is not None and self.val_labels is not None:
            parts["val"] = (self.val_images, self.val_labels)
        return parts | {"test": (self.test_images, self.test_labels)}

    def problem(self) -> str | None:
        """First violation of the types and shapes above, such as by a plugin's images, if any."""
        for part, (images, labels) in self.splits.items():
            if images.dtype != np.uint8 or images.ndim != 4:
                return (
                    f"{part}_images must be uint8 (N, height, width, channels), got "
                    f"{images.dtype} {images.shape}"
                )
            if labels.dtype != np.int64 or labels.shape != images.shape[:1]:
                return (
                    f"{part}_labels must be int64 ({len(images)},), got {labels.dtype} "
                    f"{labels.shape}"
                )
            if len(wrong := labels[(labels < 0) | (labels >= len(self.classes))]):
                return f"{part}_labels must be in 0 to {len(self.classes) - 1}, got {wrong[0]}"
        return None

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of every image."""
        height, width, channels = self.train_images.shape[1:]
        return channels, height, width

    def summary(self) -> dict[str, Any]:
        """Description of the data set in results: name, fingerprint and sizes."""
        return {
            "data": self.name,
            "fingerprint": self.fingerprint,
            "train_images": len(self.train_labels),
            "test_images": len(self.test_labels),
            "image_shape": list(self.image_shape),
            "classes": list(self.classes),
            **({} if self.val_labels is None else {"val_images": len(self.val_labels)}),
        }


def fingerprint_of(arrays: Sequence[NDArray[Any]]) -> str:
    """First sixteen hex digits of SHA-256 over the arrays: shape, type and values, in order.

    Independent of the machine's byte order.
    """
    digest = hashlib.sha256()
    for array in arrays:
        little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        digest.update(f"{little.shape}{little.dtype.str}".encode())
        digest.update(little.data)
    return digest.hexdigest()[:16]
