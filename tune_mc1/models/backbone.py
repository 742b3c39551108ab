"""Frozen network in front of the trained layers."""

import torch
from torch import Tensor, nn


class FrozenBackbone(nn.Module):
    """A network without its last layer, frozen and always in eval mode.

    Args:
        network: Maps images to features; its parameters are frozen here.
        gray_as_rgb: Whether it takes RGB images only, so that grey ones get three channels.
    """

    def __init__(self, network: nn.Module, *, gray_as_rgb: bool = True) -> None:
        super().__init__()
        self.gray_as_rgb = gray_as_rgb
        self.network = network.eval().requires_grad_(False)

    def train(self, mode: bool = True) -> "FrozenBackbone":
        """Stays in eval mode, so that batch norm uses its running statistics and keeps them."""
        super().train(mode)
        self.network.eval()
        return self

    @torch.no_grad()
    def forward(self, images: Tensor) -> Tensor:
        """Features (B, features) of images (B, 1 or 3, height, width)."""
        if images.shape[1] == 1 and self.gray_as_rgb:
            images = images.expand(-1, 3, -1, -1)
        features: Tensor = self.network(images)
        return features
