"""Images on the device of a trial: whether they fit there, and their size."""

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from tune_mc1.data.resize import crop_start, resized_sides


def fits_on(images: Tensor, device: torch.device) -> bool:
    """Whether images can be held on a device, with as much left for training."""
    return device.type != "cuda" or 2 * images.nbytes <= torch.cuda.mem_get_info(device)[0]


def fit_batch(images: Tensor, size: int) -> Tensor:
    """Brings images to a square, as `tune_mc1.data.resize.fit` does, but without rounding.

    Args:
        images: float (B, channels, height, width).
        size: Height and width in pixels.
    """
    sides = resized_sides(images.shape[2], images.shape[3], size)
    if sides != tuple(images.shape[2:]):
        images = interpolate(images, sides, mode="bilinear", antialias=True)
    top, left = (crop_start(side, size) for side in sides)
    square = images[..., top : top + size, left : left + size]
    return square.contiguous(memory_format=torch.channels_last)
