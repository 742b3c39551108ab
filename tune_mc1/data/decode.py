"""Compressed images to one array.

JPEGs, and PNGs of 8 bits, take torchvision's operators: 60,000 JPEGs of 32x32 take 4 s, and 9 s by
Pillow. All other forms, and all broken files, take Pillow, whose messages are the better ones.
"""

import io
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tune_mc1.data.images import Pixels
from tune_mc1.errors import DataError

if TYPE_CHECKING:
    from torch import Tensor

_PNG_8_BIT = (b"\x08\x00", b"\x08\x02")  # bit depth, then colour type: greyscale, RGB
_UNCHANGED = 0  # torchvision's ImageReadMode: as many channels as the file has
_BLOCK = 1024


class _ColourAmongGreyError(Exception):
    """An RGB image where the first one was greyscale."""


@dataclass(frozen=True)
class Encoded:
    """One compressed image.

    Attributes:
        where: What a message calls it, such as `cats/7.png` or `train.parquet: row 7`.
        content: The file's bytes, or the file.
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
        images: At least one compressed image; all of one height and width.

    Returns:
        uint8 (N, height, width, channels): 1 channel if all are greyscale, else 3.

    Raises:
        DataError: Naming the first image that is broken or of another size than the first one.
    """
    channels, height, width = _decode(images[0]).shape
    try:
        return _fill(images, (height, width, channels))
    except _ColourAmongGreyError:
        return _fill(images, (height, width, 3))


def _fill(images: Sequence[Encoded], shape: tuple[int, int, int]) -> Pixels:
    import torch

    out = torch.empty((len(images), *shape), dtype=torch.uint8)

    def fill(start: int) -> None:
        block = images[start : start + _BLOCK]
        decoded = [_decode(image) for image in block]
        for image, pixels in zip(block, decoded, strict=True):
            channels, height, width = pixels.shape
            if (height, width) != shape[:2]:
                raise DataError(
                    f"{image.where}: all images must have one size, {shape[1]}x{shape[0]} as in "
                    f"{images[0].where}, got {width}x{height}"
                )
            if channels > shape[2]:
                raise _ColourAmongGreyError
        same = [pixels.expand(shape[2], -1, -1) for pixels in decoded]
        out[start : start + _BLOCK] = torch.stack(same).movedim(1, -1)

    with ThreadPoolExecutor(_threads(shape)) as pool:
        # Results come in order, so the first offender of the data set is the one that is reported.
        list(pool.map(fill, range(0, len(images), _BLOCK)))
    return out.numpy()


def _threads(shape: tuple[int, int, int]) -> int:
    """One for small images: handing over Python's lock would take longer than decoding them."""
    if shape[0] * shape[1] < 128 * 128:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _decode(image: Encoded) -> "Tensor":
    """One image as uint8 (channels, height, width), with 1 or 3 channels."""
    import torch
    import torchvision.io  # noqa: F401  (brings the operators)

    data = image.read()
    try:
        # Not torchvision's functions, whose Python around the operators adds half to the time.
        # As scripted models on disk name the operators, their form is stable.
        if data[:2] == b"\xff\xd8":
            pixels = torch.ops.image.decode_jpeg(_tensor(data), _UNCHANGED, False)
        elif data[:4] == b"\x89PNG" and data[24:26] in _PNG_8_BIT:
            pixels = torch.ops.image.decode_png(_tensor(data), _UNCHANGED, False)
        else:
            return _by_pillow(image.where, data)
    except RuntimeError:
        return _by_pillow(image.where, data)
    return pixels if pixels.shape[0] in (1, 3) else _by_pillow(image.where, data)


def _tensor(data: bytes) -> "Tensor":
    import torch

    return torch.frombuffer(bytearray(data), dtype=torch.uint8)


def _by_pillow(where: str, data: bytes) -> "Tensor":
    import torch
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as image:
            mode = image.mode
            grey = mode in ("1", "L", "LA")
            array = np.asarray(image.convert("L" if grey else "RGB"))
    except Exception as error:  # a decoder meets damaged bytes in any way there is
        reason = str(error).partition(" <_io")[0]
        raise DataError(f"{where}: broken or truncated image: {reason}") from error
    if mode[0] in "IF":
        raise DataError(f"{where}: images must have 8 bits a channel, got Pillow's mode {mode}")
    return torch.tensor(array[None] if grey else array.transpose(2, 0, 1))
