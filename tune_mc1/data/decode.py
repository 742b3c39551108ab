"""Decoding of compressed images to one array, by Pillow.

torchvision's operators decode 60,000 JPEGs of 32x32 in 3.3 s, Pillow in 6 s; but loading PyTorch
and torchvision takes 3 s, and more from a slow disk, in a process that needs neither.
"""

import io
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tune_mc1.data.images import Labels, Pixels
from tune_mc1.data.resize import fit
from tune_mc1.errors import DataError

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

_BLOCK = 256

Allocate = Callable[[tuple[int, ...]], Pixels]


class _ColourAmongGreyError(Exception):
    """An RGB image where the first one was greyscale."""


@dataclass(frozen=True)
class Encoded:
    """One compressed image.

    Attributes:
        where: Its location in messages, such as `cats/7.png` or `train.parquet: row 7`.
        content: The bytes of the file, its path, or a function that reads the bytes.
        stamp: Tells whether the content may have changed; empty for that of the path.
    """

    where: str
    content: bytes | Path | Callable[[], bytes]
    stamp: str = ""

    @property
    def identity(self) -> str:
        """Text that differs for an image that differs; without reading it."""
        if self.stamp or not isinstance(self.content, Path):
            return self.stamp
        try:
            return stamp_of(self.content)
        except OSError as error:
            raise DataError(f"{self.where}: cannot be read: {error.strerror}") from error

    def open(self) -> "PillowImage":
        """The image as Pillow has it, not yet decoded.

        Raises:
            DataError: If the file cannot be read.
            Exception: Any error of Pillow.
        """
        from PIL import Image

        return Image.open(io.BytesIO(self.read()))

    def read(self) -> bytes:
        """The compressed bytes; DataError if the file cannot be read."""
        if isinstance(self.content, bytes):
            return self.content
        try:
            return self.content.read_bytes() if isinstance(self.content, Path) else self.content()
        except OSError as error:
            raise DataError(f"{self.where}: cannot be read: {error.strerror}") from error


def stamp_of(file: Path) -> str:
    """Path, size and time of the last change of a file."""
    about = file.stat()
    return f"{file.absolute()}:{about.st_size}:{about.st_mtime_ns}"


class Seen:
    """What was met in images and changed, for a notice of each kind."""

    def __init__(self) -> None:
        self._where: dict[str, list[str]] = {}

    def add(self, what: str, image: Encoded) -> None:
        """Counts an image; safe in threads, as appending is."""
        self._where.setdefault(what, []).append(image.where)

    @property
    def notices(self) -> list[str]:
        """One line for each kind: how many images, and the first of them."""
        return [
            f"{what} ({len(where):,} image{'s' if len(where) > 1 else ''}, such as {min(where)})"
            for what, where in sorted(self._where.items())
        ]


ALPHA = "alpha channel dropped"
SIXTEEN = "16-bit greyscale scaled to 8 bits"
TURNED = "rotated as their EXIF data says"


def decode_all(
    images: Sequence[Encoded],
    size: int | None = None,
    *,
    notify: Callable[[str], None] = lambda _: None,
    place: Labels | None = None,
    allocate: Allocate = lambda shape: np.empty(shape, np.uint8),
) -> Pixels:
    """All images as one array.

    Args:
        images: At least one compressed image; all of the same height and width, unless `size` is
            given.
        size: Height and width to which every image is brought (`tune_mc1.data.resize`).
        notify: Called with what was changed in images: rotated, scaled, without alpha.
        place: Position of each image in the array; None keeps the order.
        allocate: Makes the array of a shape.

    Returns:
        uint8 (N, height, width, channels): 1 channel if all are greyscale, else 3.

    Raises:
        DataError: Naming the first image that is broken or differs in size from the first one.
    """
    shape = decoded_shape(images[0], size)
    seen = Seen()
    try:
        out = _fill(images, shape, size, seen, allocate, place)
    except _ColourAmongGreyError:
        seen = Seen()
        out = _fill(images, (*shape[:2], 3), size, seen, allocate, place)
    for notice in seen.notices:
        notify(notice)
    return out


def decoded_shape(image: Encoded, size: int | None) -> tuple[int, int, int]:
    """Height, width and channels of an image as it will be decoded."""
    height, width, channels = _decode(image, size, Seen()).shape
    return height, width, channels


def decode_one(image: Encoded, size: int | None = None) -> Pixels:
    """One image as uint8 (height, width, channels), with 1 or 3 channels.

    Args:
        image: The compressed image.
        size: Height and width to which it is brought; None leaves it as it is.

    Raises:
        DataError: If it is broken.
    """
    return _decode(image, size, Seen())


def _fill(
    images: Sequence[Encoded],
    shape: tuple[int, int, int],
    size: int | None,
    seen: Seen,
    allocate: Allocate,
    place: Labels | None,
) -> Pixels:
    out = allocate((len(images), *shape))

    def fill(start: int) -> None:
        for i, image in enumerate(images[start : start + _BLOCK], start):
            pixels = _decode(image, size, seen)
            height, width, channels = pixels.shape
            if (height, width) != shape[:2]:
                raise DataError(
                    f"{image.where}: all images must have the size {shape[1]}x{shape[0]} as in "
                    f"{images[0].where}, got {width}x{height} (parameters.image_size resizes them)"
                )
            if channels > shape[2]:
                raise _ColourAmongGreyError
            out[i if place is None else place[i]] = pixels

    starts, threads = range(0, len(images), _BLOCK), _threads(shape)
    if threads == 1:
        for start in starts:
            fill(start)
        return out
    with ThreadPoolExecutor(threads) as pool:
        # In rounds, as an exiting process waits for all tasks of a pool. Results come in order, so
        # the first faulty image of the data set is reported.
        for first in range(0, len(starts), threads):
            list(pool.map(fill, starts[first : first + threads]))
    return out


def _threads(shape: tuple[int, int, int]) -> int:
    """One thread for small images, as switching Python's lock would take longer than decoding."""
    if shape[0] * shape[1] < 128 * 128:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _decode(image: Encoded, size: int | None, seen: Seen) -> Pixels:
    """One image as uint8 (height, width, channels), with 1 or 3 channels."""
    from PIL import Image

    try:
        with image.open() as opened:
            opened.load()
            mode = opened.mode
            if mode[0] not in "IF":
                array = np.asarray(_plain(opened, size, image, seen))
                return array.reshape(*array.shape[:2], -1)
            deep = np.asarray(opened)
    except DataError:
        raise
    except Exception as error:  # a decoder meets damaged bytes in any way there is
        reason = str(error).partition(" <_io")[0]
        raise DataError(f"{image.where}: broken or truncated image: {reason}") from error
    if mode == "F" or deep.min() < 0 or deep.max() > 65_535:
        raise DataError(
            f"{image.where}: images must have 8 bits a channel, or 16 bits in greyscale, got "
            f"Pillow's mode {mode}"
        )
    seen.add(SIXTEEN, image)
    grey = ((deep.astype(np.uint32) + 128) // 257).astype(np.uint8)
    array = np.asarray(fit(Image.fromarray(grey), size))
    return array[..., None]


def _plain(opened: "PillowImage", size: int | None, image: Encoded, seen: Seen) -> "PillowImage":
    """An image as it is to be seen: upright, grey or RGB, without alpha, of the wanted size."""
    if "A" in opened.mode or "a" in opened.mode or "transparency" in opened.info:
        seen.add(ALPHA, image)
    upright = _upright(opened)
    if upright is not opened:
        seen.add(TURNED, image)
    wanted = "L" if opened.mode in ("1", "L", "LA") else "RGB"
    plain = upright if upright.mode == wanted else upright.convert(wanted)
    return fit(plain, size)


_ORIENTED = ("exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp")
"""Entries of Pillow's `info` that can tell how an image is rotated."""


def _upright(opened: "PillowImage") -> "PillowImage":
    """The image, rotated as its EXIF data says; itself if it is upright."""
    if not any(name in opened.info for name in _ORIENTED):
        return opened
    from PIL import ExifTags, ImageOps

    orientation: Any = opened.getexif().get(ExifTags.Base.Orientation, 1)
    return ImageOps.exif_transpose(opened) if orientation in range(2, 9) else opened
