"""Networks as users write them, registered like those of another package."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from tune_mc1.config.architectures import ARCHITECTURES, Architecture

SIZES = {
    "SmallCNN": (6, 16, 5, 120),
    "SmallCNN_8_16": (8, 16, 3, 64),
    "SmallCNN_16_16": (16, 16, 3, 64),
    "SmallCNN_16_32": (16, 32, 3, 128),
    "SmallCNN_32_64": (32, 64, 3, 128),
    "SmallCNN_wide": (6, 16, 5, 1000),
}
"""Channels of the two convolutions, their kernels, and units of the hidden linear layer."""


UNITS = {"SmallMLP": 32, "SmallMLP_100": 100, "SmallMLP_256": 256}
"""Units of the hidden layer."""


class SmallCNN(nn.Module):
    """Two convolutions with batch norm and two linear layers, as in a tutorial."""

    def __init__(self, first: int, second: int, kernel: int, hidden: int, side: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, first, kernel)
        self.bn1 = nn.BatchNorm2d(first)
        self.conv2 = nn.Conv2d(first, second, kernel)
        self.bn2 = nn.BatchNorm2d(second)
        for _ in range(2):
            side = (side - kernel + 1) // 2
        self.fc1 = nn.Linear(second * side * side, hidden)
        self.fc2 = nn.Linear(hidden, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Logits of images."""
        x = functional.max_pool2d(functional.relu(self.bn1(self.conv1(x))), 2)
        x = functional.max_pool2d(functional.relu(self.bn2(self.conv2(x))), 2)
        x = torch.flatten(x, 1)
        made: Tensor = self.fc2(functional.relu(self.fc1(x)))
        return made


class Block(nn.Module):
    """A residual block."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Images of the same size."""
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        out += x
        made: Tensor = self.relu(out)
        return made


class SmallMLP(nn.Sequential):
    """A hidden linear layer."""

    def __init__(self, units: int) -> None:
        super().__init__(nn.Flatten(), nn.Linear(3072, units), nn.ReLU(), nn.Linear(units, 10))


def build(config: Any, image_shape: tuple[int, int, int], classes: int) -> nn.Module:
    """A network by the name of its model."""
    if config.model == "SmallResNet":
        stem = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.BatchNorm2d(8), nn.ReLU())
        head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, classes))
        return nn.Sequential(stem, Block(8), Block(8), head)
    if config.model in UNITS:
        return SmallMLP(UNITS[config.model])
    return SmallCNN(*SIZES[config.model], image_shape[1])


for name in (*SIZES, *UNITS, "SmallResNet"):
    ARCHITECTURES.register(name, Architecture(build=f"{__name__}:build"))
