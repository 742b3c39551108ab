"""Networks as they are trained: images to logits."""

from collections import OrderedDict

import torch
from torch import Tensor, nn

from tune_mc1.models.dropout import DropoutStream, SeededDropout, step_seed
from tune_mc1.models.exempt import exempt_names
from tune_mc1.models.memory_format import views_memory

ImageShape = tuple[int, int, int]
"""Channels, height and width."""


class Classifier(nn.Module):
    """Maps images to logits, without softmax, which is part of the loss.

    Args:
        layers: The trained layers, by name.
        dropout_stream: State shared by its dropout layers; None without dropout.
        backbone: Frozen layers in front of them, if any.

    Attributes:
        frozen_parts: Modules that stay in eval mode.
    """

    def __init__(
        self,
        layers: "OrderedDict[str, nn.Module]",
        dropout_stream: DropoutStream | None = None,
        backbone: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.layers = nn.Sequential(layers)
        self.dropout_stream = dropout_stream
        self.backbone = backbone
        self.frozen_parts: tuple[nn.Module, ...] = ()

    def train(self, mode: bool = True) -> "Classifier":
        """Sets the mode of all layers but frozen ones, whose batch norm keeps its statistics."""
        super().train(mode)
        for part in self.frozen_parts:
            part.eval()
        return self

    @property
    def exempt(self) -> set[str]:
        """Names of parameters that the network exempts from weight decay."""
        return set(exempt_names(self))

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (B, classes) of images (B, channels, height, width).

        With a backbone, also of its precomputed features (B, features).
        """
        if self.backbone is not None and inputs.ndim == 4:
            inputs = self.backbone(inputs)
        logits: Tensor = self.layers(inputs)
        return logits

    def at_step(self, step: int) -> None:
        """Sets the optimiser step of the next dropout masks."""
        if self.dropout_stream is not None:
            self.dropout_stream.step = step

    def redraw_masks(self) -> None:
        """Draws the masks of that step for the replay of a recorded CUDA graph."""
        for layer in self.layers:
            if isinstance(layer, SeededDropout):
                layer.redraw()


class OwnNetwork(Classifier):
    """A network of any form, for example from another package.

    Random numbers that it draws from PyTorch's global generator in training, as `nn.Dropout` does,
    depend only on the trial's seed and the step.

    Args:
        network: Maps images to logits.
        seed: The trial's seed.
    """

    def __init__(self, network: nn.Module, seed: int) -> None:
        super().__init__(OrderedDict(network=network))
        self.seed = seed
        self._views: bool | None = None

    @property
    def network(self) -> nn.Module:
        """The network as it was built."""
        return self.layers.get_submodule("network")

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (B, classes) of images (B, channels, height, width)."""
        return super().forward(self.lay_out(inputs))

    def lay_out(self, images: Tensor) -> Tensor:
        """The images in the memory format that the network takes.

        Channels-last memory, which is faster, fails where a network flattens with `Tensor.view`.
        """
        if self._views is None:
            self._views = views_memory(self.network, images[:2])
        return images.contiguous() if self._views else images

    def at_step(self, step: int) -> None:
        """Seeds the global generators for an optimiser step."""
        torch.manual_seed(step_seed(self.seed, step))
