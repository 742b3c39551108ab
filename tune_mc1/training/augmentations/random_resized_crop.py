"""Crop of random area and shape, enlarged to the image's size (torchvision's name)."""

import math
from typing import TYPE_CHECKING

from tune_mc1.config.augmentations import AUGMENTATIONS
from tune_mc1.seeding import uniform

if TYPE_CHECKING:
    from torch import Tensor

RATIO = (3 / 4, 4 / 3)
"""Range of the crop's width divided by its height, drawn evenly in the logarithm."""
TRIES = 10
"""Crops that are drawn until one lies in the image; if none does, the image stays whole."""


def random_resized_crop(
    images: "Tensor",
    labels: "Tensor",
    indices: "Tensor",
    seed: int,
    epoch: int,
    *,
    random_resized_crop_scale: float,
) -> "tuple[Tensor, Tensor]":
    """Crops and enlarges each image, with bilinear interpolation; see `Augment`."""
    import torch

    from tune_mc1.training.image_operations import resized_crop

    height, width = images.shape[-2:]
    high, wide = torch.zeros_like(indices), torch.zeros_like(indices)
    smallest = random_resized_crop_scale
    for attempt in range(TRIES):
        path = ("random_resized_crop", attempt, epoch)
        area = uniform(indices, seed, *path, "area") * (1 - smallest) + smallest
        low, span = math.log(RATIO[0]), math.log(RATIO[1] / RATIO[0])
        ratio = (uniform(indices, seed, *path, "ratio") * span + low).exp()
        w = (area * height * width * ratio).sqrt().round().long().clamp(min=1)
        h = (area * height * width / ratio).sqrt().round().long().clamp(min=1)
        first = (high == 0) & (h <= height) & (w <= width)
        high, wide = h.where(first, high), w.where(first, wide)
    high, wide = high.masked_fill(high == 0, height), wide.masked_fill(wide == 0, width)
    top = uniform(indices, seed, "random_resized_crop", "y", epoch) * (height - high + 1)
    left = uniform(indices, seed, "random_resized_crop", "x", epoch) * (width - wide + 1)
    return resized_crop(images, top.long(), left.long(), high, wide), labels


AUGMENTATIONS.register("random_resized_crop", random_resized_crop)
