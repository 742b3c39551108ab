"""TrivialAugment (Müller and Hutter 2021, arXiv 2103.10158): torchvision's `TrivialAugmentWide`."""

from typing import TYPE_CHECKING

from tune_mc1.config.augmentations import AUGMENTATIONS
from tune_mc1.seeding import uniform

if TYPE_CHECKING:
    from torch import Tensor


def trivial_augment(
    images: "Tensor", labels: "Tensor", indices: "Tensor", seed: int, epoch: int
) -> "tuple[Tensor, Tensor]":
    """Applies one random operation of random strength to each image; see `Augment`."""
    from tune_mc1.training import image_operations as ops
    from tune_mc1.training.augment_space import BINS, apply_space, trivial_augment_space

    path = ("trivial_augment", epoch)
    space = trivial_augment_space()
    drawn = (uniform(indices, seed, *path) * len(space)).long()
    bins = (uniform(indices, seed, *path, "strength") * BINS).long()
    negative = uniform(indices, seed, *path, "sign") < 0.5
    return ops.from_unit(apply_space(space, ops.to_unit(images), drawn, bins, negative)), labels


AUGMENTATIONS.register("trivial_augment", trivial_augment)
