"""Cutout: a square of each image is blanked (DeVries and Taylor 2017, arXiv 1708.04552)."""

from typing import TYPE_CHECKING

from tune_mc1.config.augmentations import AUGMENTATIONS
from tune_mc1.seeding import uniform

if TYPE_CHECKING:
    from torch import Tensor


def cutout(
    images: "Tensor",
    labels: "Tensor",
    indices: "Tensor",
    seed: int,
    epoch: int,
    *,
    cutout_size: int,
) -> "tuple[Tensor, Tensor]":
    """Sets a square around a random pixel to 0, mid-grey; see `Augment`.

    As in the paper, every pixel is its centre equally often, so that part of it may lie outside.
    """
    from tune_mc1.training.image_operations import blank

    height, width = images.shape[-2:]
    half = cutout_size // 2
    top = (uniform(indices, seed, "cutout", "y", epoch) * height).long() - half
    left = (uniform(indices, seed, "cutout", "x", epoch) * width).long() - half
    return blank(images, top, left, top + cutout_size, left + cutout_size), labels


AUGMENTATIONS.register("cutout", cutout)
