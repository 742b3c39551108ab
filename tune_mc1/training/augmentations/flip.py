"""Horizontal flip of half of the images (torchvision's `RandomHorizontalFlip`)."""

from typing import TYPE_CHECKING

from tune_mc1.config.augmentations import AUGMENTATIONS
from tune_mc1.seeding import uniform

if TYPE_CHECKING:
    from torch import Tensor

P = 0.5
"""Probability that an image is flipped."""


def flip(
    images: "Tensor", labels: "Tensor", indices: "Tensor", seed: int, epoch: int
) -> "tuple[Tensor, Tensor]":
    """Flips each image horizontally with probability 0.5; see `Augment`."""
    flipped = uniform(indices, seed, "flip", epoch) < P
    return images.flip(-1).where(flipped[:, None, None, None], images), labels


AUGMENTATIONS.register("flip", flip)
