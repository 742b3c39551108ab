"""Decoding of one compressed image, by Pillow.

torchvision's operators decode 60,000 JPEGs of 32x32 in 3.3 s, Pillow in 6 s; but loading PyTorch
and torchvision takes 3 s, and more from a slow disk, in a process that needs neither.
"""

import io
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tune_mc1.data.images import Pixels
from tune_mc1.data.resize import fit
from tune_mc1.errors import DataError

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage


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
FRAMES = "first of several frames taken"
SIXTEEN = "16-bit greyscale scaled to 8 bits"
TURNED = "rotated as their EXIF data says"


def decode_one(image: Encoded, size: int | None = None) -> Pixels:
    """One image as uint8 (height, width, channels), with 1 or 3 channels.

    Args:
        image: The compressed image.
        size: Height and width to which it is brought; None leaves it as it is.

    Raises:
        DataError: If it is broken.
    """
    return decode_with(image, size, Seen())


def decode_with(image: Encoded, size: int | None, seen: Seen) -> Pixels:
    """Same as `decode_one`; notes in `seen` what it changed."""
    from PIL import Image

    try:
        with image.open() as opened:
            opened.load()
            mode = opened.mode
            if opened.format in _OF_FRAMES and _frames(image) > 1:
                seen.add(FRAMES, image)
            if mode[0] not in "IF":
                array = np.asarray(_plain(opened, size, image, seen))
                return array.reshape(*array.shape[:2], -1)
            deep = np.asarray(_turned(opened, image, seen))
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
    upright = _turned(opened, image, seen)
    wanted = "L" if opened.mode in ("1", "L", "LA") else "RGB"
    plain = upright if upright.mode == wanted else upright.convert(wanted)
    return fit(plain, size)


_OF_FRAMES = ("GIF", "TIFF", "WEBP", "PNG")
"""Formats of animations and of documents with several pages."""


def _frames(image: Encoded) -> int:
    """Number of frames, from a second look, as Pillow goes through the file to count them."""
    with suppress(Exception), image.open() as opened:
        return int(getattr(opened, "n_frames", 1))
    return 1


def _turned(opened: "PillowImage", image: Encoded, seen: Seen) -> "PillowImage":
    """The image upright; itself if it is."""
    upright = _upright(opened)
    if upright is not opened:
        seen.add(TURNED, image)
    return upright


_ORIENTED = ("exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp")
"""Entries of Pillow's `info` that can tell how an image is rotated."""


def _upright(opened: "PillowImage") -> "PillowImage":
    """The image, rotated as its EXIF data says; itself if it is upright."""
    if not any(name in opened.info for name in _ORIENTED):
        return opened
    from PIL import ExifTags, ImageOps

    orientation: Any = opened.getexif().get(ExifTags.Base.Orientation, 1)
    return ImageOps.exif_transpose(opened) if orientation in range(2, 9) else opened
