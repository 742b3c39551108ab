"""Images of any size as a network takes them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tune_mc1.data.decode_image import Encoded, decode_one
from tune_mc1.data.image_folders import IMAGE_SUFFIXES, files_below
from tune_mc1.data.images import Pixels
from tune_mc1.data.resize import fit
from tune_mc1.errors import DataError, InputError

if TYPE_CHECKING:
    from PIL.Image import Image


def find_images(places: Sequence[str | Path]) -> list[Path]:
    """The files that a user names, and those in folders, in the order of their names.

    Args:
        places: Files, which may have any name, and folders.

    Raises:
        InputError: If one does not exist, or a folder has no images.
    """
    found: list[Path] = []
    for place in map(Path, places):
        if not place.is_dir():
            if not place.exists():
                raise InputError(f"{place}: no such file")
            found.append(place)
            continue
        own = sorted(p for p in files_below(place) if p.suffix.lower() in IMAGE_SUFFIXES)
        if not own:
            raise InputError(f"{place}: has no images")
        found += own
    return found


def read_images(items: Sequence[Any], shape: tuple[int, int, int]) -> Pixels:
    """Images of any size as those of a data set.

    The shorter side is resized and the centre cropped where that gives the shape; grey images get
    three channels, and coloured ones lose theirs, where the data set has it so.

    Args:
        items: Files, or Pillow's images.
        shape: Channels, height and width of the data set's images.

    Returns:
        uint8 (N, height, width, channels).

    Raises:
        DataError: Naming the image that is broken, or cannot have this shape.
    """
    channels, height, width = shape
    out = np.empty((len(items), height, width, channels), np.uint8)
    size = height if height == width else None
    for i, item in enumerate(items):
        where = str(item) if isinstance(item, Path) else f"image {i}"
        if isinstance(item, Path):
            pixels = decode_one(Encoded(where, item), size)
        else:
            pixels = _pixels(item, size)
        if pixels.shape[:2] != (height, width):
            found = f"{pixels.shape[1]}x{pixels.shape[0]}"
            raise DataError(f"{where}: must have the size {width}x{height}, got {found}")
        out[i] = pixels if pixels.shape[2] in (1, channels) else _grey(pixels)
    return out


def _pixels(image: "Image", size: int | None) -> Pixels:
    plain = image.convert("L" if image.mode in ("1", "L", "LA") else "RGB")
    array = np.asarray(fit(plain, size))
    return array.reshape(*array.shape[:2], -1)


def _grey(pixels: Pixels) -> Pixels:
    """Luminance of RGB images, uint8 (height, width, 1), as Pillow computes it."""
    from PIL import Image

    return np.asarray(Image.fromarray(pixels).convert("L"))[..., None]
