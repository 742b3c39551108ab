"""Whether decoded images are held in memory or mapped from a file, and which file."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np

from tune_mc1.data.decode import Allocate, decode_all, decoded_shape
from tune_mc1.data.decode_image import Encoded
from tune_mc1.data.fingerprints import WORTH, Known, find_known, keep_known, sample_of
from tune_mc1.data.images import ImageData, Labels, Pixels
from tune_mc1.data.lazy_pixels import LazyPixels
from tune_mc1.data.mapped import MappedFile, find_mapped, in_gigabytes, make_mapped
from tune_mc1.data.memory import fits_in_memory
from tune_mc1.data.request import Request
from tune_mc1.errors import DataError

FORMAT = "1"
"""Version of decoding: another one makes new caches."""

CHECKED = 8
"""Images that are decoded again, to compare them, where all were decoded before."""

Build = Callable[..., ImageData]
"""Builds the data set from all images, its fingerprint if known, and the file that they are mapped
from, if any."""


@dataclass(frozen=True)
class Decoding:
    """Compressed images of all splits.

    Attributes:
        name: Name of the data set.
        where: Its path, for messages.
        images: The images.
        place: Position of each in the decoded array.
        labels: Labels of each split.
    """

    name: str
    where: Path
    images: Sequence[Encoded]
    place: Labels
    labels: Sequence[Labels]

    def key(self, size: int | None) -> str:
        """Hash of what is decoded, and how."""
        digest = hashlib.sha256(f"{FORMAT}:{size}".encode())
        for image in self.images:
            digest.update(f"\0{image.identity}".encode("utf-8", "surrogateescape"))
        for labels in (self.place, *self.labels):
            digest.update(np.asarray(labels, "<i8").tobytes())
        return digest.hexdigest()

    def are_in(self, pixels: Pixels, size: int | None) -> bool:
        """Whether some of the images, decoded again, are those of an array."""
        if len(pixels) != len(self.images):
            return False
        for i in self.checked:
            (again,) = decode_all([self.images[i]], size)
            kept = pixels[self.place[i]]
            if again.shape[:2] != kept.shape[:2] or (again != kept).any():
                return False
        return True

    @property
    def checked(self) -> Labels:
        """Some of the images, from the first to the last."""
        return np.linspace(0, len(self.images) - 1, CHECKED).astype(np.int64)

    def known(self, key: str, size: int | None) -> tuple[Pixels, str] | None:
        """The images, to be decoded when they are looked at, and their fingerprint.

        None if the fingerprint is not known, or some images, decoded again, are others.
        """
        found = find_known(key)
        if found is None:
            return None
        lazy = LazyPixels([self.images[i] for i in np.argsort(self.place)], found.shape, size)
        try:
            same = sample_of(lazy[self.place[self.checked]]) == found.sample
        except (DataError, ValueError):  # broken, or of another shape
            return None
        return (cast(Pixels, lazy), found.fingerprint) if same else None

    def keep(self, key: str, pixels: Pixels, fingerprint: str) -> None:
        """Keeps the fingerprint of images that were all decoded."""
        _, height, width, channels = pixels.shape
        sample = sample_of(pixels[self.place[self.checked]])
        keep_known(key, Known((height, width, channels), sample, fingerprint))


def decoded(images: Decoding, request: Request, build: Build) -> ImageData:
    """Decodes images: into memory if they fit there, or else once into a mapped file.

    Args:
        images: The images.
        request: What is wanted.
        build: Builds the data set from the decoded images.

    Raises:
        DataError: Naming the faulty image, or what is wrong with the file.
    """

    def write(allocate: Allocate | None = None) -> Pixels:
        return decode_all(
            images.images,
            request.image_size,
            notify=lambda notice: request.notify(f"{images.where}: {notice}"),
            place=images.place,
            **({} if allocate is None else {"allocate": allocate}),
        )

    mapped = request.files.mapped
    shape = decoded_shape(images.images[0], request.image_size)
    if not request.pixels:
        return build(np.broadcast_to(np.uint8(0), (len(images.images), *shape)))
    size = len(images.images) * int(np.prod(shape))
    if not (mapped if mapped is not None else not fits_in_memory(size)):
        return _in_memory(images, request, build, write)
    key = images.key(request.image_size)
    found = find_mapped(images.name, key)
    if found is None:
        request.notify(f"{images.where}: images are decoded once, to {in_gigabytes(size)} on disk")
        found = make_mapped(images.name, key, write, lambda made: build(made).fingerprint)
    request.notify(
        f"{images.where}: decoded images are mapped from {found.folder} "
        f"({in_gigabytes(found.size)}; delete the folder to free the disk)"
    )
    pixels = found.map()
    if not images.are_in(pixels, request.image_size):
        raise found.of_others()
    return build(pixels, found.fingerprint, found)


def _in_memory(
    images: Decoding, request: Request, build: Build, write: Callable[[], Pixels]
) -> ImageData:
    if len(images.images) < WORTH:
        return build(write())
    key = images.key(request.image_size)
    if request.lazy and (known := images.known(key, request.image_size)) is not None:
        return build(*known)
    pixels = write()
    data = build(pixels)
    images.keep(key, pixels, data.fingerprint)
    return data


def portable(data: ImageData) -> ImageData:
    """A data set for other processes: without images that they can map from a file."""
    if data.mapped is None:
        return data
    return _with_images(data, {split: pair[0][:0] for split, pair in data.splits.items()})


def opened(data: ImageData, mapped: MappedFile | None = None) -> ImageData:
    """A data set from another process, with its images.

    Args:
        data: What `portable` gave.
        mapped: The file on this machine; None for that of the other process.

    Raises:
        DataError: If the file does not have the images.
    """
    mapped = mapped or data.mapped
    if mapped is None or len(data.train_images):
        return data
    ends = np.cumsum([len(labels) for _, labels in data.splits.values()])[:-1]
    return _with_images(data, dict(zip(data.splits, np.split(mapped.map(), ends), strict=True)))


def _with_images(data: ImageData, images: dict[str, Pixels]) -> ImageData:
    train, test, val = images["train"], images["test"], images.get("val")
    return replace(data, train_images=train, test_images=test, val_images=val)
