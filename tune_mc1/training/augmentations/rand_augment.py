"""RandAugment (Cubuk et al. 2019, arXiv 1909.13719), with torchvision's operations."""

from typing import TYPE_CHECKING

from tune_mc1.config.augmentations import AUGMENTATIONS
from tune_mc1.seeding import uniform

if TYPE_CHECKING:
    from torch import Tensor


def rand_augment(
    images: "Tensor",
    labels: "Tensor",
    indices: "Tensor",
    seed: int,
    epoch: int,
    *,
    rand_augment_num_ops: int,
    rand_augment_magnitude: int,
) -> "tuple[Tensor, Tensor]":
    """Applies some random operations of one strength to each image; see `Augment`."""
    import torch

    from tune_mc1.training import image_operations as ops
    from tune_mc1.training.augment_space import apply_space, rand_augment_space

    space = rand_augment_space(*images.shape[-2:])
    bins = torch.full_like(indices, rand_augment_magnitude)
    pixels = ops.to_unit(images)
    for turn in range(rand_augment_num_ops):
        path = ("rand_augment", turn, epoch)
        drawn = (uniform(indices, seed, *path) * len(space)).long()
        negative = uniform(indices, seed, *path, "sign") < 0.5
        pixels = apply_space(space, pixels, drawn, bins, negative)
    return ops.from_unit(pixels), labels


AUGMENTATIONS.register("rand_augment", rand_augment)
