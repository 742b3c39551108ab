"""Fused model: many models of one architecture, with a leading trial axis in every parameter.

Method: horizontally fused training arrays (Wang et al. 2021, arXiv 2102.02344). The convolutions of
K trials become one grouped convolution with K times the channels, in NHWC memory; their linear
layers become one batched matrix product. If trials read the same images, the first layer reads them
once.

In the convolutions, activations are (B, K * channels, height, width); after them, (K, B, features).
Inputs may have S <= K lanes instead, where K / S neighbouring trials share a lane.
"""

from collections.abc import Iterable
from typing import cast

import torch
from torch import Tensor, nn

from tune_mc1.models.blocks import blocks_of
from tune_mc1.models.build import Classifier, ImageShape
from tune_mc1.models.dropout import DropoutStream, SeededDropout
from tune_mc1.models.fused_layers import (
    FusedBatchNorm,
    FusedConv2d,
    FusedDropout,
    FusedFlatten,
    FusedLinear,
)


class FusedClassifier(nn.Module):
    """K classifiers as one model.

    `state_dict` has the names of the plain model, and each value has a leading axis of size K.

    Args:
        models: The trials' models, all of one architecture. Each is copied and released, so that an
            iterator keeps few of them in memory.
        trials: K.
        image_shape: Channels, height and width.

    Attributes:
        exempt: Names of parameters that the networks exempt from weight decay.
        blocks: Names of the parameters of each of their blocks.
    """

    def __init__(self, models: Iterable[Classifier], trials: int, image_shape: ImageShape) -> None:
        super().__init__()
        self.dropout_streams: list[DropoutStream] = []
        self.layers: nn.Sequential = nn.Sequential()
        self.exempt: set[str] = set()
        self.blocks: list[list[str]] = []
        for index, model in enumerate(models):
            if not index:
                self.exempt, self.blocks = model.exempt, blocks_of(model)
                self._add_layers(model, trials, image_shape)
            self.take(model, index)

    def _add_layers(self, model: Classifier, trials: int, image_shape: ImageShape) -> None:
        self.layers, _ = _fused_layers(model.layers, trials, image_shape[0])

    @torch.no_grad()
    def take(self, model: Classifier, index: int) -> None:
        """Copies a trial's model into its place."""
        mine = self.state_dict()
        for name, value in model.state_dict().items():
            mine[name][index] = value
        if model.dropout_stream is not None:
            self.dropout_streams.append(model.dropout_stream)
        for name, layer in model.layers.named_children():
            if isinstance(layer, SeededDropout):
                cast(FusedDropout, getattr(self.layers, name)).members.append(layer)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (K, B, classes) of images (B, S * channels, height, width); S divides K."""
        logits: Tensor = self.layers(images)
        return logits

    def at_step(self, step: int) -> None:
        """Sets the optimiser step of the next dropout masks."""
        for stream in self.dropout_streams:
            stream.step = step

    def redraw_masks(self) -> None:
        """Draws the masks of that step for the replay of a recorded CUDA graph."""
        for layer in self.layers:
            if isinstance(layer, FusedDropout):
                for member in layer.members:
                    member.redraw()

    def keep(self, indices: Tensor) -> None:
        """Keeps only some of the trials, packed together.

        Args:
            indices: int64, their ascending indices.
        """
        for parameter in self.parameters():
            parameter.data = parameter.data[indices.to(parameter.device)]
            parameter.grad = None
        for module in self.modules():
            for name, buffer in module.named_buffers(recurse=False):
                setattr(module, name, buffer[indices.to(buffer.device)])
            if isinstance(module, FusedDropout):
                module.keep(indices.tolist())
        if self.dropout_streams:
            self.dropout_streams = [self.dropout_streams[i] for i in indices.tolist()]


def _fused_layers(layers: nn.Sequential, trials: int, channels: int) -> tuple[nn.Sequential, int]:
    """Fused forms of layers, in a sequence of the same kind, and the channels after them."""
    fused = type(layers)()
    for name, layer in layers.named_children():
        made: nn.Module = layer
        if isinstance(layer, nn.Sequential):
            made, channels = _fused_layers(layer, trials, channels)
        elif isinstance(layer, nn.Conv2d):
            made, channels = FusedConv2d(layer, trials), layer.out_channels
        elif isinstance(layer, nn.Linear):
            made = FusedLinear(layer, trials)
        elif isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            made = FusedBatchNorm(layer, trials)
        elif isinstance(layer, nn.Flatten):
            made = FusedFlatten(channels)
        elif isinstance(layer, SeededDropout):
            made = FusedDropout([])
        fused.add_module(name, made)
    return fused, channels
