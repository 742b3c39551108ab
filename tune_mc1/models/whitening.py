"""First layer that whitens patches of the training images.

Source: D. Page's networks for DAWNBench (2018); K. Jordan, "94% on CIFAR-10 in 3.29 Seconds on a
Single GPU" (2024, arXiv 2404.00498), section 3.1.
"""

import torch
from torch import Tensor, nn

WHITENED = 5000
"""Number of training images whose patches are used."""

EPSILON = 5e-4
"""Added to the variances, relative to the mean one, so that noise is not amplified."""


@torch.no_grad()
def whiten(layer: nn.Conv2d, images: Tensor) -> None:
    """Sets the weights of a convolution to the principal directions of patches, and freezes them.

    Each direction is a filter, divided by the standard deviation along it, and its negative is
    another, so that an activation after it loses nothing.

    Args:
        layer: A convolution with `2 * channels * kernel**2` filters; its bias stays trained.
        images: Float images (N, channels, height, width), as the network gets them.
    """
    kernel, channels = layer.kernel_size[0], images.shape[1]
    windows = images.cpu().unfold(2, kernel, 1).unfold(3, kernel, 1)
    patches = windows.movedim(1, 3).reshape(-1, channels * kernel**2).double()
    centred = patches - patches.mean(0)
    variances, directions = torch.linalg.eigh(centred.T @ centred / len(patches))
    smallest = EPSILON * variances.mean()
    filters = (directions / (variances.clamp_min(0) + smallest).sqrt()).T
    # eigh leaves the sign open: the largest entry of each direction is positive.
    largest = filters.gather(1, filters.abs().argmax(1, keepdim=True))
    filters = (filters * largest.sign()).reshape(-1, channels, kernel, kernel)
    layer.weight.copy_(torch.cat([filters, -filters]))
