"""Parts of another package for tests on a GPU: networks, an optimiser, a schedule."""

import torch
from torch import nn

from tune_mc1.config.trial import TrialConfig


def one_epoch(step: int, total_steps: int, config: TrialConfig) -> float:
    return float(step < total_steps / config.epochs)


def build(_: TrialConfig, image_shape: tuple[int, int, int], classes: int) -> nn.Module:
    channels, height, width = image_shape
    return nn.Sequential(
        nn.Conv2d(channels, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(8 * height * width, classes),
    )


class Plain(nn.Sequential):
    """A user's network whose layers are all known."""

    def __init__(self, num_classes: int) -> None:
        super().__init__(
            nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(4), nn.Flatten()
        )
        self.append(nn.Linear(6 * 7 * 7, num_classes))


class Normed(nn.Module):
    """A user's network with a layer that is not known."""

    def __init__(self, image_shape: tuple[int, int, int], num_classes: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(image_shape)
        self.linear = nn.Linear(image_shape[0] * image_shape[1] * image_shape[2], num_classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.linear(self.norm(images.contiguous()).flatten(1))
        return logits


def build_waiting(_: TrialConfig, image_shape: tuple[int, int, int], classes: int) -> nn.Module:
    return Waiting(nn.Dropout(0.2), nn.Flatten(), nn.Linear(3 * image_shape[1] ** 2, classes))


class Waiting(nn.Sequential):
    """Waits for the GPU in each step, which a graph cannot."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = super().forward(images)  # type: ignore[no-untyped-call]
        return logits * (1.0 if images.sum().item() else 2.0)


def build_rprop(config: TrialConfig, parameters: list[nn.Parameter]) -> torch.optim.Rprop:
    return torch.optim.Rprop(parameters, lr=config.learning_rate)
