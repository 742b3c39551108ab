"""A network of one's own: the parameters of its constructor are parameters of the sweep."""

from torch import Tensor, nn


class SmallNet(nn.Module):
    """Convolutions with batch norm, of which each has twice the channels of the one before."""

    def __init__(
        self, num_classes: int, in_chans: int, width: int = 16, depth: int = 2, dropout: float = 0.0
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for channels in (width << i for i in range(depth)):
            layers += [nn.Conv2d(in_chans, channels, 3, padding=1), nn.BatchNorm2d(channels)]
            layers += [nn.ReLU(), nn.MaxPool2d(2)]
            in_chans = channels
        head = [nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Dropout(dropout)]
        self.layers = nn.Sequential(*layers, *head, nn.Linear(4 * in_chans, num_classes))

    def forward(self, images: Tensor) -> Tensor:
        """Logits of images."""
        logits: Tensor = self.layers(images)
        return logits
