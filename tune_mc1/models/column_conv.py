"""Narrow convolutions of many trials as matrix products, which suit a GPU.

cuDNN runs the groups of a grouped convolution one after the other, each far too small for a GPU.
Here the windows of the images are copied to rows, once for all trials that read the same images,
and one batched product multiplies the rows of all trials at once (`im2col`: Chellapilla et al.
2006, High Performance Convolutional Neural Networks for Document Processing). A column of ones
includes the bias, and its gradient, in the product.
"""

from functools import cache
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn import functional

from tune_mc1.config.layer_sizes import COLUMN_CHANNELS

ALIGNED = 8
"""Row lengths are multiples of this: tensor cores read 16 bytes at once, eight bfloat16 numbers."""

PRODUCTS = 512
"""Number of concurrent matrix products that keeps a GPU's multiprocessors busy."""


def column_conv(images: Tensor, weight: Tensor, bias: Tensor, padding: tuple[int, int]) -> Tensor:
    """`ColumnConv.forward` in autocast's dtype, if autocast is enabled."""
    kind = images.device.type
    if torch.is_autocast_enabled(kind):
        number = torch.get_autocast_dtype(kind)
        images, weight, bias = (tensor.to(number) for tensor in (images, weight, bias))
    with torch.autocast(kind, enabled=False):
        return cast(Tensor, ColumnConv.apply(images, weight, bias, padding))


def columns_are_faster(images: Tensor, channels: int) -> bool:
    """True if this is the faster way to convolve.

    Args:
        images: The input.
        channels: Input channels of one trial.
    """
    return images.is_cuda and channels <= COLUMN_CHANNELS


class ColumnConv(torch.autograd.Function):
    """`conv2d` with `groups` and stride 1, for trials that each have their own weights."""

    @staticmethod
    def forward(
        ctx: Any, images: Tensor, weight: Tensor, bias: Tensor, padding: tuple[int, int]
    ) -> Tensor:
        """Convolves.

        Args:
            ctx: Autograd's context.
            images: (B, S * channels, height, width); K / S neighbouring trials share images.
            weight: (K, outputs, channels, kernel height, kernel width).
            bias: (K, outputs).
            padding: Zero padding in pixels, above and below, left and right.

        Returns:
            (B, K * outputs, ...), channels last in memory.
        """
        trials, width, channels, *kernel = weight.shape
        lanes = images.shape[1] // channels
        padded = _pad(images, *padding)
        rows, size = _rows(padded, lanes, kernel)
        matrix = _matrix(weight, bias, lanes)
        ctx.save_for_backward(rows, matrix)
        ctx.shapes = (padded.shape, padding, weight.shape, size)
        outputs = torch.empty(
            (len(images), trials * width, *size),
            dtype=images.dtype,
            device=images.device,
            memory_format=torch.channels_last,
        )
        by_lane = outputs.permute(0, 2, 3, 1).view(-1, lanes, trials // lanes * width)
        if lanes == 1:
            torch.mm(rows[0], matrix[0], out=by_lane[:, 0])
        else:
            by_lane.copy_(torch.bmm(rows, matrix).transpose(0, 1))
        return outputs

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        """Gradients of images, weight and bias."""
        rows, matrix = ctx.saved_tensors
        padded, padding, (trials, width, channels, *kernel), size = ctx.shapes
        lanes = rows.shape[0]
        gradient = cast(Tensor, gradients[0]).permute(0, 2, 3, 1)
        gradient = gradient.reshape(-1, lanes, trials // lanes * width).transpose(0, 1)
        of_matrix = _long_product(rows, gradient, padded[0])
        of_weight, of_bias = _unpacked(of_matrix, (trials, width, channels, *kernel))
        if not ctx.needs_input_grad[0]:
            return None, of_weight, of_bias, None
        of_rows = torch.bmm(gradient, matrix.mT)
        of_images = _sum_windows(of_rows, padded, lanes, kernel, size)
        return _pad(of_images, -padding[0], -padding[1]), of_weight, of_bias, None


def _pad(images: Tensor, rows: int, columns: int) -> Tensor:
    """Adds a border of zeros, or removes one if negative; copies nothing if it is 0."""
    if not rows and not columns:
        return images
    return functional.pad(images, (columns, columns, rows, rows))


@cache
def _tail(values: int, number: torch.dtype, device: torch.device) -> Tensor:
    """End of a row after its window: a one, and zeros up to the alignment."""
    length = -(-(values + 1) // ALIGNED) * ALIGNED - values
    return torch.eye(1, length, dtype=number, device=device)[0]


def _rows(images: Tensor, lanes: int, kernel: list[int]) -> tuple[Tensor, list[int]]:
    """All windows of images, (S, B * size, row length), and the size of the output."""
    batch, _, height, width = images.shape
    high, wide = kernel
    size = [height - high + 1, width - wide + 1]
    channels = images.shape[1] // lanes
    values = high * wide * channels
    windows = images.permute(0, 2, 3, 1).reshape(batch, height, width, lanes, channels)
    windows = windows.unfold(1, high, 1).unfold(2, wide, 1)  # (B, size, S, channels, kernel)
    tail = _tail(values, images.dtype, images.device)
    rows = images.new_empty((lanes, batch * size[0] * size[1], values + len(tail)))
    rows[..., values:] = tail
    room = rows[..., :values].view(lanes, batch, *size, high, wide, channels)
    room.copy_(windows.permute(3, 0, 1, 2, 5, 6, 4))
    return rows, size


def _matrix(weight: Tensor, bias: Tensor, lanes: int) -> Tensor:
    """Weights and biases as (S, row length, K / S * outputs), to be multiplied by rows."""
    trials, width = bias.shape
    by_output = weight.permute(0, 1, 3, 4, 2).flatten(2)
    zeros = _tail(by_output.shape[2], weight.dtype, weight.device)[1:].expand(trials, width, -1)
    matrix = torch.cat([by_output, bias[..., None], zeros], dim=2)
    return matrix.view(lanes, trials // lanes * width, -1).mT


def _unpacked(matrix: Tensor, shape: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Inverse of `_matrix`: weight and bias."""
    trials, width, channels, high, wide = shape
    values = channels * high * wide
    by_output = matrix.mT.reshape(trials, width, -1)
    weight = by_output[..., :values].view(trials, width, high, wide, channels)
    return weight.permute(0, 1, 4, 2, 3), by_output[..., values]


def _long_product(rows: Tensor, gradient: Tensor, batch: int) -> Tensor:
    """`rows.mT @ gradient`; its long sums are split, as few trials would leave a GPU idle."""
    lanes = rows.shape[0]
    if lanes == 1:
        return torch.mm(rows[0].mT, gradient[0])[None]  # cuBLAS splits these by itself
    fits = (n for n in range(1, batch + 1) if batch % n == 0 and n * lanes <= PRODUCTS)
    parts = max(fits, default=1)
    cut_rows = rows.reshape(lanes * parts, -1, rows.shape[2])
    cut_gradient = gradient.reshape(lanes * parts, -1, gradient.shape[2])
    products = torch.bmm(cut_rows.mT, cut_gradient)
    return products.view(lanes, parts, *products.shape[1:]).sum(dim=1)


def _sum_windows(
    of_rows: Tensor, shape: torch.Size, lanes: int, kernel: list[int], size: list[int]
) -> Tensor:
    """Gradient of images, from the gradients of their overlapping windows."""
    batch, all_channels, height, width = shape
    (high, wide), channels = kernel, all_channels // lanes
    windows = of_rows[..., : high * wide * channels]
    windows = windows.view(lanes, batch, *size, high, wide, channels).permute(1, 2, 3, 0, 6, 4, 5)
    add_up = torch.ops.aten.unfold_backward
    lines = add_up(windows, [batch, size[0], width, lanes, channels, high], 2, wide, 1)
    pixels: Tensor = add_up(lines, [batch, height, width, lanes, channels], 1, high, 1)
    return pixels.flatten(3).permute(0, 3, 1, 2)
