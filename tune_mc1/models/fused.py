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
from torch.nn import functional

from tune_mc1.models.build import Classifier
from tune_mc1.models.column_conv import column_conv, columns_are_faster
from tune_mc1.models.dropout import DropoutStream, SeededDropout


class FusedConv2d(nn.Module):
    """The same convolution of K trials.

    Args:
        plain: One of the layers, for the sizes.
        trials: K.
    """

    weight: Tensor
    bias: Tensor

    def __init__(self, plain: nn.Conv2d, trials: int) -> None:
        super().__init__()
        self.channels = plain.in_channels
        self.padding = cast("tuple[int, int]", plain.padding)
        _add_stacked(self, plain, trials)

    def forward(self, images: Tensor) -> Tensor:
        """(B, S * in_channels, height, width) to (B, K * out_channels, ...), with 1 <= S <= K.

        With S = 1 it is one dense convolution, which makes full use of a CPU's vector units.
        """
        if columns_are_faster(images, self.channels):
            return column_conv(images, self.weight, self.bias, self.padding)
        return functional.conv2d(
            images,
            self.weight.flatten(0, 1),
            self.bias.flatten(),
            padding=self.padding,
            groups=images.shape[1] // self.channels,
        )


class FusedLinear(nn.Module):
    """The same linear layer of K trials.

    Args:
        plain: One of the layers, for the sizes.
        trials: K.
    """

    weight: Tensor
    bias: Tensor

    def __init__(self, plain: nn.Linear, trials: int) -> None:
        super().__init__()
        _add_stacked(self, plain, trials)

    def forward(self, inputs: Tensor) -> Tensor:
        """(S, B, in_features) to (K, B, out_features); S divides K."""
        trials, width, _ = self.weight.shape
        lanes, batch, _ = inputs.shape
        if lanes == trials:
            return torch.baddbmm(self.bias[:, None], inputs, self.weight.mT)
        merged = self.weight.view(lanes, trials // lanes * width, -1)
        outputs = torch.bmm(inputs, merged.mT).view(lanes, batch, trials // lanes, width)
        return outputs.transpose(1, 2).reshape(trials, batch, width) + self.bias[:, None]


class FusedBatchNorm(nn.Module):
    """The same batch norm of K trials, each with its own statistics.

    Args:
        plain: One of the layers, for sizes and settings.
        trials: K.
    """

    weight: Tensor
    bias: Tensor
    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor

    def __init__(self, plain: nn.BatchNorm1d | nn.BatchNorm2d, trials: int) -> None:
        super().__init__()
        self.momentum, self.eps = plain.momentum, plain.eps
        self.after_linear = isinstance(plain, nn.BatchNorm1d)
        _add_stacked(self, plain, trials)

    def forward(self, inputs: Tensor) -> Tensor:
        """(B, K * channels, height, width), or (K, B, features), to the same."""
        if self.after_linear:
            trials, batch, width = inputs.shape
            columns = self._norm(inputs.transpose(0, 1).flatten(1))
            return columns.view(batch, trials, width).transpose(0, 1)
        return self._norm(inputs)

    def _norm(self, inputs: Tensor) -> Tensor:
        if self.training:
            self.num_batches_tracked += 1
        return functional.batch_norm(
            inputs,
            self.running_mean.view(-1),
            self.running_var.view(-1),
            self.weight.view(-1),
            self.bias.view(-1),
            self.training,
            cast(float, self.momentum),
            self.eps,
        )


class FusedFlatten(nn.Module):
    """Flattens images to features.

    Args:
        channels: Input channels of one trial (or lane).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, images: Tensor) -> Tensor:
        """(B, S * channels, height, width) to (S, B, channels * height * width)."""
        batch, _, *size = images.shape
        return images.view(batch, -1, self.channels, *size).transpose(0, 1).flatten(2)


class FusedDropout(nn.Module):
    """The dropouts of K trials, each with its own probability and masks.

    Args:
        members: The trials' layers.
    """

    def __init__(self, members: list[SeededDropout]) -> None:
        super().__init__()
        self.members = members  # a plain list: they hold no parameters

    def forward(self, inputs: Tensor) -> Tensor:
        """Drops units of (K, B, features) in training; the identity otherwise."""
        if not self.training or not any(member.p for member in self.members):
            return inputs
        masks = [m.mask(x) for m, x in zip(self.members, inputs, strict=True)]
        return inputs * torch.stack(masks)


class FusedClassifier(nn.Module):
    """K classifiers as one model.

    `state_dict` has the names of the plain model, and each value has a leading axis of size K.

    Args:
        models: The trials' models, all of one architecture. Each is copied and released, so that an
            iterator keeps few of them in memory.
        trials: K.
        channels: Channels of an image.
    """

    def __init__(self, models: Iterable[Classifier], trials: int, channels: int) -> None:
        super().__init__()
        self.dropout_streams: list[DropoutStream] = []
        self.layers: nn.Sequential = nn.Sequential()
        for index, model in enumerate(models):
            if not index:
                self.layers, _ = _fused_layers(model.layers, trials, channels)
            self._take(model, index)

    @torch.no_grad()
    def _take(self, model: Classifier, index: int) -> None:
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
                module.members = [module.members[i] for i in indices.tolist()]
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


def _add_stacked(fused: nn.Module, plain: nn.Module, trials: int) -> None:
    """Adds the parameters and buffers of another module, with a leading trial axis."""
    for name, value in plain.named_parameters(recurse=False):
        fused.register_parameter(name, nn.Parameter(_empty_stacked(value.detach(), trials)))
    for name, buffer in plain.named_buffers(recurse=False):
        fused.register_buffer(name, _empty_stacked(buffer, trials))


def _empty_stacked(value: Tensor, trials: int) -> Tensor:
    room = value.new_empty((trials, *value.shape))
    if value.ndim < 4:
        return room
    # The layout that oneDNN prefers for kernels if images are channels-last.
    return room.movedim(2, -1).contiguous().movedim(-1, 2)
