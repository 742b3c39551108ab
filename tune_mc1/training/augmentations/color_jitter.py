"""Changes of brightness, contrast, saturation and hue (torchvision's `ColorJitter`)."""

from typing import TYPE_CHECKING

from tune_mc1.config.augmentations import AUGMENTATIONS
from tune_mc1.seeding import uniform

if TYPE_CHECKING:
    from torch import Tensor


def color_jitter(
    images: "Tensor",
    labels: "Tensor",
    indices: "Tensor",
    seed: int,
    epoch: int,
    *,
    color_jitter_brightness: float,
    color_jitter_contrast: float,
    color_jitter_saturation: float,
    color_jitter_hue: float,
) -> "tuple[Tensor, Tensor]":
    """Changes each image by random factors, in a random order; see `Augment`."""
    import torch

    from tune_mc1.training import image_operations as ops

    changes = (
        ("brightness", ops.brightness, 1.0, color_jitter_brightness),
        ("contrast", ops.contrast, 1.0, color_jitter_contrast),
        ("saturation", ops.saturation, 1.0, color_jitter_saturation),
        ("hue", ops.hue, 0.0, color_jitter_hue),
    )
    used = [change for change in changes if change[3] > 0]
    if not used:
        return images, labels
    path = ("color_jitter", epoch)
    drawn = [
        middle + most * (2 * uniform(indices, seed, *path, name) - 1)
        for name, _, middle, most in used
    ]
    keys = [uniform(indices, seed, *path, "order", name) for name, *_ in used]
    order = torch.stack(keys).argsort(dim=0)  # of each image: which change comes first, second, ...
    pixels = ops.to_unit(images)
    for turn in order:
        factors = torch.stack(drawn).gather(0, turn[None])[0].to(images.dtype)
        pixels = ops.apply_drawn(pixels, turn, [change[1] for change in used], factors)
    return ops.from_unit(pixels), labels


AUGMENTATIONS.register("color_jitter", color_jitter)
