"""Predictions of images: files, Pillow's images, arrays."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tune_mc1.data.images import Pixels
from tune_mc1.errors import InputError
from tune_mc1.inference.image_files import find_images, read_images
from tune_mc1.inference.predictions import Images, Predictions

if TYPE_CHECKING:
    from tune_mc1.inference.image_classifier import ImageClassifier

BLOCK_BYTES = 256 * 2**20
"""Maximum memory for the pixels of files that are decoded at a time."""


def predict(model: "ImageClassifier", images: Images, batch_size: int) -> Predictions:
    """See `ImageClassifier.predict`."""
    if batch_size < 1:
        raise InputError(f"batch_size: must be at least 1, got {batch_size}")
    if isinstance(images, np.ndarray):
        pixels = _checked(images, model.image_shape, model.facts.config.image_size)
        return Predictions(probabilities(model, pixels, batch_size), model.classes)
    one = isinstance(images, str | Path) or hasattr(images, "mode")
    several = isinstance(images, Iterable) and not one
    items: list[Any] = list(cast(Sequence[Any], images)) if several else [images]
    if items and all(isinstance(item, str | Path) for item in items):
        parts = list(predict_files(model, find_images(items), batch_size))
        together = np.concatenate([part.probabilities for part in parts])
        paths = tuple(path for part in parts for path in part.paths or ())
        return Predictions(together, model.classes, paths)
    if not items or not all(hasattr(item, "mode") for item in items):
        raise InputError(
            "images: must be paths, Pillow's images or a NumPy array (N, height, width, channels), "
            f"got {type(items[0]).__name__ if items else 'nothing'}"
        )
    pixels = read_images(items, model.image_shape)
    return Predictions(probabilities(model, pixels, batch_size), model.classes)


def predict_files(
    model: "ImageClassifier", paths: Sequence[Path], batch_size: int
) -> Iterator[Predictions]:
    """Predicts files, so many at a time that their pixels fit in memory.

    Args:
        model: The model.
        paths: The files.
        batch_size: Images per batch.
    """
    size = int(np.prod(model.image_shape))
    block = max(BLOCK_BYTES // size // batch_size, 1) * batch_size
    for start in range(0, len(paths), block):
        part = paths[start : start + block]
        pixels = read_images(part, model.image_shape)
        yield Predictions(probabilities(model, pixels, batch_size), model.classes, tuple(part))


@torch.inference_mode()
def probabilities(model: "ImageClassifier", pixels: Pixels, batch_size: int) -> NDArray[np.float32]:
    """Probability of each class, float32 (N, classes).

    Args:
        model: The model, in eval mode.
        pixels: uint8 (N, height, width, channels).
        batch_size: Images per batch.
    """
    device = next(model.buffers()).device
    out = np.empty((len(pixels), len(model.classes)), np.float32)
    for start in range(0, len(pixels), batch_size):
        batch = _tensor(pixels[start : start + batch_size]).to(device)
        # (N, channels, height, width) in channels-last memory, as in training
        logits = model(batch.movedim(-1, 1))
        out[start : start + batch_size] = logits.float().softmax(dim=-1).cpu().numpy()
    return out


def _tensor(pixels: Pixels) -> Tensor:
    return torch.from_numpy(pixels if pixels.flags.writeable else pixels.copy())


def _checked(images: NDArray[Any], shape: tuple[int, int, int], image_size: int | None) -> Pixels:
    """An array of images, if it is one that a model takes.

    Args:
        images: The user's array.
        shape: Channels, height and width of the data set's images.
        image_size: To what a model brings images of any size; None if it does not.
    """
    channels, height, width = shape
    if images.ndim == 3 and channels == 1 and images.shape[2] != 1:
        images = images[..., None]
    sides = "height, width" if image_size else f"{height}, {width}"
    if (
        images.dtype != np.uint8
        or images.ndim != 4
        or images.shape[3] != channels
        or (not image_size and images.shape[1:3] != (height, width))
    ):
        raise InputError(
            f"images: must be uint8 (N, {sides}, {channels}), got {images.dtype} {images.shape}"
        )
    return images
