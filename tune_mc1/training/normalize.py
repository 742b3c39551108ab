"""Normalisation of the images that a network gets: the trial parameter `normalize`."""

import torch
from torch import Tensor, nn

from tune_mc1.config.recipe.inputs import HALF, MEANS
from tune_mc1.config.trial import TrialConfig
from tune_mc1.data.images import ImageData


class Normalize(nn.Module):
    """Maps images in [-1, 1] to `(x - mean) / std`, for x the same image in [0, 1].

    Args:
        means: Mean of each channel in [0, 1].
        stds: Standard deviations, greater than 0.
        device: Device of the images.
    """

    def __init__(
        self, means: tuple[float, ...], stds: tuple[float, ...], device: torch.device
    ) -> None:
        super().__init__()
        std = torch.tensor(stds, dtype=torch.float64)
        shift = (0.5 - torch.tensor(means, dtype=torch.float64)) / std
        self.scale = (0.5 / std).float().to(device).view(-1, 1, 1)
        self.shift = shift.float().to(device).view(-1, 1, 1)

    def forward(self, images: Tensor) -> Tensor:
        """Normalises in place float images (n, channels, height, width), or of lanes side by side.

        Args:
            images: (n, channels, height, width), or (n, lanes * channels, height, width).
        """
        lanes = images.shape[1] // len(self.scale)
        return images.mul_(self.scale.repeat(lanes, 1, 1)).add_(self.shift.repeat(lanes, 1, 1))


def make_normalize(config: TrialConfig, data: ImageData, device: torch.device) -> Normalize | None:
    """The normalisation of a trial; None if its network gets images in [-1, 1].

    Args:
        config: The trial's parameters.
        data: The images.
        device: Their device.
    """
    if config.normalize == HALF:
        return None
    means, stds = MEANS.get(config.normalize) or data.statistics or ((), ())
    if not means:
        raise ValueError("normalize: dataset needs the statistics of the images")
    return Normalize(means, stds, device)
