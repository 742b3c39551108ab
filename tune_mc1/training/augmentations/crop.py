"""Crop of an image's size from the padded image (torchvision's `RandomCrop(padding=...)`)."""

from typing import TYPE_CHECKING

from tune_mc1.config.augmentations import AUGMENTATIONS
from tune_mc1.seeding import uniform

if TYPE_CHECKING:
    from torch import Tensor

BLACK = -1.0
"""A black pixel, as pixels are in [-1, 1]."""


def crop(
    images: "Tensor",
    labels: "Tensor",
    indices: "Tensor",
    seed: int,
    epoch: int,
    *,
    crop_padding: int,
    crop_padding_mode: str,
) -> "tuple[Tensor, Tensor]":
    """Shifts each image by up to `crop_padding` pixels in both directions; see `Augment`."""
    import torch
    from torch.nn.functional import pad

    n, channels, height, width = images.shape
    padded = pad(images, (crop_padding,) * 4, value=BLACK)
    if crop_padding_mode == "reflect":
        _mirror_edges(padded, crop_padding)
    rows = padded.permute(0, 2, 3, 1).contiguous()
    down, right = (
        (uniform(indices, seed, "crop", axis, epoch) * (2 * crop_padding + 1)).long()
        for axis in ("down", "right")
    )
    first = torch.arange(n, device=images.device) * rows.shape[1] + down
    lines = first[:, None] + torch.arange(height, device=images.device)
    starts = lines * rows.shape[2] + right[:, None]
    # A line of a crop may start at any pixel: of all these overlapping lines, those that are chosen
    # are copied whole, five times as fast as by an index per image.
    every = rows.as_strided((rows[..., 0].numel() - width + 1, width * channels), (channels, 1))
    chosen = every.index_select(0, starts.flatten()).view(n, height, width, channels)
    return chosen.permute(0, 3, 1, 2), labels


def _mirror_edges(padded: "Tensor", padding: int) -> None:
    """Replaces the padding by the mirrored image, whose edge is not repeated."""
    for axis in (2, 3):
        size = padded.shape[axis]
        for side, inner in ((0, padding + 1), (size - padding, size - 2 * padding - 1)):
            mirrored = padded.narrow(axis, inner, padding).flip(axis)
            padded.narrow(axis, side, padding).copy_(mirrored)


AUGMENTATIONS.register("crop", crop)
