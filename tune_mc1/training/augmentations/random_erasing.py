"""Random erasing of a rectangle (torchvision's `RandomErasing`; Zhong et al., AAAI 2020)."""

import math
from typing import TYPE_CHECKING

from tune_mc1.config.augmentations import AUGMENTATIONS
from tune_mc1.seeding import uniform

if TYPE_CHECKING:
    from torch import Tensor

SCALE = (0.02, 0.33)
"""Range of the rectangle's share of the image's area."""
RATIO = (0.3, 3.3)
"""Range of its height divided by its width, drawn evenly in the logarithm."""
TRIES = 10
"""Rectangles that are drawn until one fits; an image that none fits stays whole."""


def random_erasing(
    images: "Tensor",
    labels: "Tensor",
    indices: "Tensor",
    seed: int,
    epoch: int,
    *,
    random_erasing_p: float,
) -> "tuple[Tensor, Tensor]":
    """Sets a rectangle of some images to 0, mid-grey; see `Augment`."""
    import torch

    from tune_mc1.training.image_operations import blank

    height, width = images.shape[-2:]
    erased = uniform(indices, seed, "random_erasing", epoch) < random_erasing_p
    high, wide = torch.zeros_like(indices), torch.zeros_like(indices)
    for attempt in range(TRIES):
        path = ("random_erasing", attempt, epoch)
        area = uniform(indices, seed, *path, "area") * (SCALE[1] - SCALE[0]) + SCALE[0]
        low, span = math.log(RATIO[0]), math.log(RATIO[1] / RATIO[0])
        ratio = (uniform(indices, seed, *path, "ratio") * span + low).exp()
        h = (area * height * width * ratio).sqrt().round().long()
        w = (area * height * width / ratio).sqrt().round().long()
        first = erased & (high == 0) & (h < height) & (w < width)
        high, wide = h.where(first, high), w.where(first, wide)
    top = uniform(indices, seed, "random_erasing", "y", epoch) * (height - high + 1)
    left = uniform(indices, seed, "random_erasing", "x", epoch) * (width - wide + 1)
    return blank(images, top.long(), left.long(), top.long() + high, left.long() + wide), labels


AUGMENTATIONS.register("random_erasing", random_erasing)
