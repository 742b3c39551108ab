"""A network whose epochs take time, but hardly any of the CPU's: time to steer its sweep."""

import time

from torch import Tensor, nn


class Pausing(nn.Module):
    """A small convolution; it pauses where it validates, once an epoch of few images."""

    pause_s = 0.2

    def __init__(self, num_classes: int, in_chans: int) -> None:
        super().__init__()
        head = (nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(8 * 16, num_classes))
        self.layers = nn.Sequential(nn.Conv2d(in_chans, 8, 3, stride=2), nn.ReLU(), *head)

    def forward(self, images: Tensor) -> Tensor:
        if not self.training:
            time.sleep(self.pause_s)
        logits: Tensor = self.layers(images)
        return logits


class Quick(Pausing):
    """The same numbers without pauses."""

    pause_s = 0.0
