"""Horizontal flip of half of the images in one epoch, and of the others in the next."""

from typing import TYPE_CHECKING

from tune_mc1.config.augmentations import AUGMENTATIONS
from tune_mc1.seeding import uniform

if TYPE_CHECKING:
    from torch import Tensor


def flip_alternate(
    images: "Tensor", labels: "Tensor", indices: "Tensor", seed: int, epoch: int
) -> "tuple[Tensor, Tensor]":
    """Shows each image in both ways every two epochs; see `Augment`.

    Source: K. Jordan 2024, arXiv 2404.00498, section 3.6.
    """
    flipped = (uniform(indices, seed, "flip", 0) < 0.5) != (epoch % 2 == 1)
    return images.flip(-1).where(flipped[:, None, None, None], images), labels


AUGMENTATIONS.register("flip_alternate", flip_alternate)
