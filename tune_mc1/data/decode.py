"""Decoding of compressed images to one array, by Pillow.

torchvision's operators decode 60,000 JPEGs of 32x32 in 3.3 s, Pillow in 6 s; but loading PyTorch
and torchvision takes 3 s, and more from a slow disk, in a process that needs neither.
"""

import io
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tune_mc1.data.images import Pixels
from tune_mc1.errors import DataError

_BLOCK = 256


class _ColourAmongGreyError(Exception):
    """An RGB image where the first one was greyscale."""


@dataclass(frozen=True)
class Encoded:
    """One compressed image.

    Attributes:
        where: Its location in messages, such as `cats/7.png` or `train.parquet: row 7`.
        content: The bytes of the file, or its path.
    """

    where: str
    content: bytes | Path

    def read(self) -> bytes:
        """The compressed bytes; DataError if the file cannot be read."""
        if isinstance(self.content, bytes):
            return self.content
        try:
            return self.content.read_bytes()
        except OSError as error:
            raise DataError(f"{self.where}: cannot be read: {error.strerror}") from error


def decode_all(images: Sequence[Encoded]) -> Pixels:
    """All images as one array, in order.

    Args:
        images: At least one compressed image; all of the same height and width.

    Returns:
        uint8 (N, height, width, channels): 1 channel if all are greyscale, else 3.

    Raises:
        DataError: Naming the first image that is broken or differs in size from the first one.
    """
    height, width, channels = _decode(images[0]).shape
    try:
        return _fill(images, (height, width, channels))
    except _ColourAmongGreyError:
        return _fill(images, (height, width, 3))


def _fill(images: Sequence[Encoded], shape: tuple[int, int, int]) -> Pixels:
    out = np.empty((len(images), *shape), np.uint8)

    def fill(start: int) -> None:
        for place, image in enumerate(images[start : start + _BLOCK], start):
            pixels = _decode(image)
            height, width, channels = pixels.shape
            if (height, width) != shape[:2]:
                raise DataError(
                    f"{image.where}: all images must have the size {shape[1]}x{shape[0]} as in "
                    f"{images[0].where}, got {width}x{height}"
                )
            if channels > shape[2]:
                raise _ColourAmongGreyError
            out[place] = pixels

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


def _decode(image: Encoded) -> Pixels:
    """One image as uint8 (height, width, channels), with 1 or 3 channels."""
    from PIL import Image

    data = image.read()
    try:
        with Image.open(io.BytesIO(data)) as opened:
            mode = opened.mode
            wanted = "L" if mode in ("1", "L", "LA") else "RGB"
            array = np.asarray(opened if mode == wanted else opened.convert(wanted))
    except Exception as error:  # a decoder meets damaged bytes in any way there is
        reason = str(error).partition(" <_io")[0]
        raise DataError(f"{image.where}: broken or truncated image: {reason}") from error
    if mode[0] in "IF":
        raise DataError(
            f"{image.where}: images must have 8 bits a channel, got Pillow's mode {mode}"
        )
    return array.reshape(*array.shape[:2], -1)
