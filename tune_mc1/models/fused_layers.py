"""Layers of many trials as one layer, every parameter with a leading trial axis.

In the convolutions, activations are (B, K * channels, height, width); after them, (K, B, features).
Inputs may have S <= K lanes instead, where K / S neighbouring trials share a lane.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from tune_mc1.models.batched_linear import batched_linear
from tune_mc1.models.column_conv import column_conv, columns_are_faster
from tune_mc1.models.dropout import SeededDropout


class FusedConv2d(nn.Module):
    """The same convolution of K trials.

    Args:
        plain: One of the layers, for the sizes.
        trials: K.
    """

    weight: Tensor
    bias: Tensor | None

    def __init__(self, plain: nn.Conv2d, trials: int) -> None:
        super().__init__()
        self.channels, self.groups = plain.in_channels, plain.groups
        self.padding = cast("tuple[int, int]", plain.padding)
        self.stride, self.dilation = plain.stride, plain.dilation
        _add_stacked(self, plain, trials)

    def forward(self, images: Tensor) -> Tensor:
        """(B, S * in_channels, height, width) to (B, K * out_channels, ...), with 1 <= S <= K.

        With S = 1 it is one dense convolution, which makes full use of a CPU's vector units. If the
        plain layer has groups, S is K.
        """
        if self._is_dense and self.bias is not None and columns_are_faster(images, self.channels):
            return column_conv(images, self.weight, self.bias, self.padding)
        return functional.conv2d(
            images,
            self.weight.flatten(0, 1),
            None if self.bias is None else self.bias.flatten(),
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            groups=images.shape[1] // self.channels * self.groups,
        )

    @property
    def _is_dense(self) -> bool:
        """True if it is a convolution that can be a matrix product of windows."""
        dense = self.groups == 1 and self.stride == self.dilation == (1, 1)
        return dense and not isinstance(self.padding, str)


class FusedLinear(nn.Module):
    """The same linear layer of K trials.

    Args:
        plain: One of the layers, for the sizes.
        trials: K.
    """

    weight: Tensor
    bias: Tensor | None

    def __init__(self, plain: nn.Linear, trials: int) -> None:
        super().__init__()
        _add_stacked(self, plain, trials)

    def forward(self, inputs: Tensor) -> Tensor:
        """(S, B, in_features) to (K, B, out_features); S divides K."""
        trials, width, _ = self.weight.shape
        lanes, batch, _ = inputs.shape
        if lanes == trials:
            return batched_linear(inputs, self.weight, self.bias)
        merged = self.weight.view(lanes, trials // lanes * width, -1)
        outputs = batched_linear(inputs, merged).view(lanes, batch, trials // lanes, width)
        outputs = outputs.transpose(1, 2).reshape(trials, batch, width)
        return outputs if self.bias is None else outputs + self.bias[:, None]


class FusedBatchNorm(nn.Module):
    """The same batch norm of K trials, each with its own statistics.

    Args:
        plain: One of the layers, for sizes and settings.
        trials: K.
    """

    weight: Tensor | None
    bias: Tensor | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(self, plain: nn.BatchNorm1d | nn.BatchNorm2d, trials: int) -> None:
        super().__init__()
        self.momentum, self.eps = plain.momentum, plain.eps
        self.after_linear = isinstance(plain, nn.BatchNorm1d)
        _add_stacked(self, plain, trials, ("running_mean", "running_var", "num_batches_tracked"))

    def forward(self, inputs: Tensor) -> Tensor:
        """(B, K * channels, height, width), or (K, B, features), to the same."""
        if self.after_linear:
            trials, batch, width = inputs.shape
            columns = self._norm(inputs.transpose(0, 1).flatten(1))
            return columns.view(batch, trials, width).transpose(0, 1)
        return self._norm(inputs)

    def _norm(self, inputs: Tensor) -> Tensor:
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked += 1
        return functional.batch_norm(
            inputs,
            _flat(self.running_mean),
            _flat(self.running_var),
            _flat(self.weight),
            _flat(self.bias),
            self.training or self.running_mean is None,
            cast(float, self.momentum),
            self.eps,
        )


def _flat(values: Tensor | None) -> Tensor | None:
    return None if values is None else values.view(-1)


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

    def keep(self, indices: list[int]) -> None:
        """Keeps only some of the trials."""
        self.members = [self.members[i] for i in indices]


def _add_stacked(
    fused: nn.Module, plain: nn.Module, trials: int, buffers: tuple[str, ...] = ()
) -> None:
    """Adds weight, bias and buffers of another module, as far as it has them, with a trial axis."""
    for name in ("weight", "bias"):
        value = getattr(plain, name)
        if value is not None:
            stacked = _empty_stacked(value.detach(), trials)
            value = nn.Parameter(stacked, requires_grad=value.requires_grad)
        fused.register_parameter(name, value)
    for name in buffers:
        buffer = getattr(plain, name)
        fused.register_buffer(name, None if buffer is None else _empty_stacked(buffer, trials))


def _empty_stacked(value: Tensor, trials: int) -> Tensor:
    room = value.new_empty((trials, *value.shape))
    if value.ndim < 4:
        return room
    # The layout that oneDNN prefers for kernels if images are channels-last.
    return room.movedim(2, -1).contiguous().movedim(-1, 2)
