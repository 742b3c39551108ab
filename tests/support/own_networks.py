"""Networks as users write them, for tests of their fused form."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from tune_mc1.config.trial import TrialConfig


class Tutorial(nn.Module):
    """Two convolutions with batch norm, dropout and two linear layers."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 5)
        self.bn1 = nn.BatchNorm2d(4)
        self.conv2 = nn.Conv2d(4, 6, 5)
        self.bn2 = nn.BatchNorm2d(6)
        self.dropout = nn.Dropout(dropout)
        self.fc1 = nn.LazyLinear(16)
        self.fc2 = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.max_pool2d(functional.relu(self.bn1(self.conv1(x))), 2)
        x = functional.max_pool2d(functional.relu(self.bn2(self.conv2(x))), 2)
        x = self.dropout(functional.relu(self.fc1(torch.flatten(x, 1))))
        logits: Tensor = self.fc2(x)
        return logits


class Residual(nn.Module):
    """Convolutions without bias, in groups and with strides; values changed in place."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU(inplace=True)
        )
        self.dropout = nn.Dropout2d(dropout)
        self.conv = nn.Conv2d(4, 4, 3, padding="same")
        self.norm = nn.BatchNorm2d(4, affine=False)
        self.deep = nn.Conv2d(8, 8, 3, stride=2, padding=1, groups=8)
        self.last_norm = nn.BatchNorm1d(8)
        self.head = nn.Linear(8, 10, bias=False)
        self.p = dropout

    def forward(self, x: Tensor) -> Tensor:
        x = before = self.stem(x)
        x = functional.gelu(self.norm(self.conv(self.dropout(x))))
        x += before
        x = self.deep(torch.cat([x, before], 1))
        x = functional.dropout(functional.silu(x), self.p, training=self.training)
        logits: Tensor = functional.log_softmax(self.head(self.last_norm(x.mean((2, 3)))), dim=1)
        return logits


class Views(nn.Module):
    """Flattens with `view`, which channels-last memory does not allow."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, stride=2)
        self.fc = nn.Linear(3 * 7 * 7, 10)
        self.p = dropout

    def forward(self, x: Tensor) -> Tensor:
        x = functional.dropout(self.conv(x), self.p, self.training).tanh()
        logits: Tensor = self.fc(x.view(x.size(0), -1))
        return logits


class NormFirst(nn.Module):
    """Statistics, dropout and features of the images themselves, before any trained layer."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(3)
        self.body = nn.Sequential(nn.Flatten(), nn.Dropout(dropout), nn.Linear(3 * 8 * 8, 12))
        self.pixels = nn.Linear(3 * 8 * 8, 4)
        self.head = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.avg_pool2d(x, 2)
        parts = [self.body(self.norm(x)), self.pixels(x.flatten(1))]
        logits: Tensor = self.head(functional.leaky_relu(torch.cat(parts, dim=1), 0.1))
        return logits


NETWORKS = (Tutorial, Residual, Views, NormFirst)


def build(config: TrialConfig, image_shape: tuple[int, int, int], classes: int) -> nn.Module:
    """The network that a trial names, with its layers of unknown size made."""
    kinds: dict[str, Any] = {kind.__name__: kind for kind in NETWORKS}
    network: nn.Module = kinds[config.model](config.effective_dropout)
    with torch.no_grad():
        network.eval()(torch.zeros(1, *image_shape))
    return network.train()
