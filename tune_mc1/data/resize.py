"""Images brought to one size: the shorter side resized with antialias, then the centre cropped.

As `Resize(size)` and `CenterCrop(size)` of torchvision do.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tune_mc1.data.images import ImageData, Pixels

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage


def resized_sides(height: int, width: int, size: int) -> tuple[int, int]:
    """Height and width after resizing, of which the shorter one is `size`."""
    if width <= height:
        return int(size * height / width), size
    return size, int(size * width / height)


def crop_start(side: int, size: int) -> int:
    """First row or column of a centred crop."""
    return round((side - size) / 2.0)


def fit(image: "PillowImage", size: int | None) -> "PillowImage":
    """Brings an image to a square.

    Args:
        image: The image.
        size: Its new height and width in pixels; None leaves it as it is.
    """
    if size is None or image.size == (size, size):
        return image
    from PIL.Image import Resampling

    height, width = resized_sides(image.height, image.width, size)
    if (width, height) != image.size:
        image = image.resize((width, height), Resampling.BILINEAR)
    left, top = crop_start(width, size), crop_start(height, size)
    return image.crop((left, top, left + size, top + size))


def fit_data(data: ImageData, size: int | None) -> ImageData:
    """Brings the images of a data set that was not decoded to a smaller square.

    Larger ones would only take memory, and the details of smaller ones: trials enlarge their
    batches.

    Args:
        data: The data set.
        size: Height and width in pixels; None leaves it as it is.
    """
    if size is None or min(data.image_shape[1:]) <= size:
        return data
    made = {
        split: (_fit_all(images, size), labels) for split, (images, labels) in data.splits.items()
    }
    train, test, val = made["train"], made["test"], made.get("val")
    return replace(ImageData.build(data.name, train, test, data.classes, val), part=data.part)


def _fit_all(images: Pixels, size: int) -> Pixels:
    from PIL import Image

    out = np.empty((len(images), size, size, images.shape[3]), np.uint8)
    for i, pixels in enumerate(images):
        picture = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
        out[i] = np.asarray(fit(picture, size)).reshape(size, size, -1)
    return out
