"""Operations on batches of images, each image with an argument of its own.

They do to each image what the functions of the same names in `torchvision.transforms.v2.functional`
do to one. Pixels are in [0, 1] unless said otherwise; images of one channel have no colour to
change.
"""

from collections.abc import Callable, Sequence
from itertools import product

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

Operation = Callable[[Tensor, Tensor], Tensor]
"""Maps images (n, channels, height, width) and arguments (n,) to images."""

_LUMA = (0.2989, 0.587, 0.114)
"""Shares of red, green and blue in the grey of a pixel (ITU-R BT.601)."""


def to_unit(images: Tensor) -> Tensor:
    """Pixels in [-1, 1] as pixels in [0, 1]."""
    return (images + 1) * 0.5


def from_unit(pixels: Tensor) -> Tensor:
    """Pixels in [0, 1] as pixels in [-1, 1]."""
    return pixels * 2 - 1


def apply_drawn(
    pixels: Tensor, drawn: Tensor, operations: Sequence[Operation], arguments: Tensor
) -> Tensor:
    """Applies one of several operations to each image, with the images grouped by operation.

    Args:
        pixels: (n, channels, height, width).
        drawn: Index of each image's operation, int64 (n,).
        operations: The operations.
        arguments: Their arguments by image, (n,).
    """
    result = pixels.clone()
    for number, operation in enumerate(operations):
        if operation is identity:
            continue
        chosen = (drawn == number).nonzero().flatten()
        if len(chosen):
            result[chosen] = operation(pixels[chosen], arguments[chosen])
    return result


def blank(images: Tensor, top: Tensor, left: Tensor, bottom: Tensor, right: Tensor) -> Tensor:
    """Sets a rectangle of each image to 0; what lies outside of the image is ignored.

    Args:
        images: (n, channels, height, width), of any range.
        top: First rows, int64 (n,).
        left: First columns, int64 (n,).
        bottom: First rows below, int64 (n,).
        right: First columns to the right, int64 (n,).
    """
    height, width = images.shape[-2:]
    y, x = (torch.arange(size, device=images.device) for size in (height, width))
    rows = (y >= top[:, None]) & (y < bottom[:, None])
    columns = (x >= left[:, None]) & (x < right[:, None])
    kept = ~(rows[:, :, None] & columns[:, None, :])
    return images * kept[:, None].to(images.dtype)


def identity(pixels: Tensor, _: Tensor) -> Tensor:
    """The images as they are."""
    return pixels


def brightness(pixels: Tensor, factors: Tensor) -> Tensor:
    """Multiplies all pixels; 0 gives black images."""
    return (pixels * _each(factors)).clamp(0, 1)


def saturation(pixels: Tensor, factors: Tensor) -> Tensor:
    """Moves pixels away from their greys; 0 gives grey images."""
    return pixels if pixels.shape[1] != 3 else _blend(pixels, _grey(pixels), factors)


def contrast(pixels: Tensor, factors: Tensor) -> Tensor:
    """Moves pixels away from the mean grey of their image; 0 gives that grey."""
    grey = _grey(pixels) if pixels.shape[1] == 3 else pixels
    # In 64 bits, as sums of batches of other sizes may be rounded in another order.
    mean = grey.mean(dim=(1, 2, 3), keepdim=True, dtype=torch.float64)
    return _blend(pixels, mean.to(pixels.dtype), factors)


def sharpness(pixels: Tensor, factors: Tensor) -> Tensor:
    """Moves pixels away from those of the blurred image; 0 blurs. Edges stay as they are."""
    height, width = pixels.shape[2:]
    if min(height, width) <= 2:
        return pixels
    # A convolution would round otherwise in batches of other sizes.
    total = 4 * pixels[..., 1:-1, 1:-1]
    for y, x in product(range(3), range(3)):
        total += pixels[..., y : height - 2 + y, x : width - 2 + x]
    blurred = pixels.clone()
    blurred[..., 1:-1, 1:-1] = total / 13
    return _blend(pixels, blurred, factors)


def hue(pixels: Tensor, turns: Tensor) -> Tensor:
    """Turns the hue of all pixels; 1 is a full turn."""
    if pixels.shape[1] != 3:
        return pixels
    red, green, blue = pixels.unbind(1)
    most, least = pixels.amax(1), pixels.amin(1)
    spread = most - least
    span = torch.where(spread > 0, spread, 1)
    sector = torch.where(most == green, 2 + (blue - red) / span, 4 + (red - green) / span)
    sector = torch.where(most == red, (green - blue) / span, sector)
    angle = sector + 6 * turns[:, None, None]
    # Each channel falls from `most` to `least` with its distance on the circle from its own hue.
    offsets = torch.tensor([5.0, 3.0, 1.0], device=pixels.device, dtype=pixels.dtype)
    k = (angle[:, None] + offsets[:, None, None]) % 6
    return most[:, None] - spread[:, None] * torch.minimum(k, 4 - k).clamp(0, 1)


def posterize(pixels: Tensor, bits: Tensor) -> Tensor:
    """Keeps the highest bits of the 8 of each channel; float (n,) whole numbers in [0, 8]."""
    step = _each(2 ** (8 - bits))
    return (_levels(pixels) / step).floor() * step / 255


def solarize(pixels: Tensor, thresholds: Tensor) -> Tensor:
    """Inverts the pixels that are at least as bright as a threshold."""
    return torch.where(_levels(pixels) >= _each(thresholds) * 255, 1 - pixels, pixels)


def autocontrast(pixels: Tensor, _: Tensor) -> Tensor:
    """Stretches each channel of each image to the whole range."""
    least = pixels.amin(dim=(2, 3), keepdim=True)
    spread = pixels.amax(dim=(2, 3), keepdim=True) - least
    stretched = (pixels - least) / torch.where(spread > 0, spread, 1)
    return torch.where(spread > 0, stretched, pixels).clamp(0, 1)


def equalize(pixels: Tensor, _: Tensor) -> Tensor:
    """Spreads the histogram of each channel of each image evenly, as Pillow does."""
    levels = _levels(pixels).long().flatten(2)
    counts = torch.zeros((*levels.shape[:2], 256), dtype=torch.int64, device=pixels.device)
    counts.scatter_add_(2, levels, torch.ones_like(levels))
    brightest = counts.gather(2, levels.amax(dim=2, keepdim=True))
    step = (levels.shape[2] - brightest) // 255
    below = counts.cumsum(2) - counts
    table = ((below + step // 2) // step.clamp(min=1)).clamp(max=255)
    spread = table.gather(2, levels).view_as(pixels).to(pixels.dtype) / 255
    return torch.where((step > 0)[..., None], spread, pixels)


def shear_x(pixels: Tensor, tangents: Tensor) -> Tensor:
    """Shifts each row by its distance from the upper edge times the tangent."""
    zero, one = torch.zeros_like(tangents), torch.ones_like(tangents)
    half = pixels.shape[2] / 2
    return _warp(pixels, [one, tangents, tangents * half, zero, one, zero])


def shear_y(pixels: Tensor, tangents: Tensor) -> Tensor:
    """Shifts each column by its distance from the left edge times the tangent."""
    zero, one = torch.zeros_like(tangents), torch.ones_like(tangents)
    half = pixels.shape[3] / 2
    return _warp(pixels, [one, zero, zero, tangents, one, tangents * half])


def translate_x(pixels: Tensor, shifts: Tensor) -> Tensor:
    """Shifts to the right, by whole pixels."""
    zero, one = torch.zeros_like(shifts), torch.ones_like(shifts)
    return _warp(pixels, [one, zero, -shifts, zero, one, zero])


def translate_y(pixels: Tensor, shifts: Tensor) -> Tensor:
    """Shifts down, by whole pixels."""
    zero, one = torch.zeros_like(shifts), torch.ones_like(shifts)
    return _warp(pixels, [one, zero, zero, zero, one, -shifts])


def rotate(pixels: Tensor, degrees: Tensor) -> Tensor:
    """Turns around the centre, counter-clockwise."""
    angle = degrees.double().deg2rad()
    cosine, sine = angle.cos().to(pixels.dtype), angle.sin().to(pixels.dtype)
    zero = torch.zeros_like(cosine)
    return _warp(pixels, [cosine, -sine, zero, sine, cosine, zero])


def resized_crop(
    images: Tensor, top: Tensor, left: Tensor, height: Tensor, width: Tensor
) -> Tensor:
    """Enlarges a part of each image to its size, by bilinear interpolation.

    Args:
        images: (n, channels, height, width), of any range.
        top: First rows of the parts, int64 (n,).
        left: Their first columns.
        height: Their heights, at least 1.
        width: Their widths, at least 1.
    """
    grids = []
    for first, size, whole in ((left, width, images.shape[3]), (top, height, images.shape[2])):
        wanted = (torch.arange(whole, device=images.device) + 0.5) * (size[:, None] / whole) - 0.5
        inside = torch.minimum(wanted.clamp(min=0), size[:, None] - 1) + first[:, None]
        grids.append(((inside + 0.5) * (2 / whole) - 1).to(images.dtype))
    n, (high, wide) = len(images), images.shape[2:]
    x, y = (g.expand(n, high, wide) for g in (grids[0][:, None, :], grids[1][:, :, None]))
    grid = torch.stack((x, y), dim=-1)
    return grid_sample(images, grid, padding_mode="border", align_corners=False)


def _each(values: Tensor) -> Tensor:
    return values[:, None, None, None]


def _levels(pixels: Tensor) -> Tensor:
    """Pixels as the whole numbers of 8 bits, as floats."""
    return (pixels * 255).round()


def _grey(pixels: Tensor) -> Tensor:
    shares = torch.tensor(_LUMA, dtype=pixels.dtype, device=pixels.device)
    return (pixels * shares[:, None, None]).sum(dim=1, keepdim=True)


def _blend(pixels: Tensor, others: Tensor, factors: Tensor) -> Tensor:
    """The others plus the factor times the difference, clamped to [0, 1]."""
    return (others + _each(factors) * (pixels - others)).clamp(0, 1)


def _warp(pixels: Tensor, matrix: Sequence[Tensor]) -> Tensor:
    """Takes each pixel from the nearest one of another place, or black from outside.

    Args:
        pixels: (n, channels, height, width).
        matrix: The six entries, (n,) each, row by row, that map places in the result to places in
            the image; in pixels, from the centre to the right and down.
    """
    height, width = pixels.shape[2:]
    x, y = (
        torch.arange(size, dtype=pixels.dtype, device=pixels.device) - (size - 1) / 2
        for size in (width, height)
    )
    y = y[:, None]
    a, b, c, d, e, f = (entry[:, None, None] for entry in matrix)
    there = (a * x + b * y + c) / (0.5 * width), (d * x + e * y + f) / (0.5 * height)
    grid = torch.stack(there, dim=-1)
    return grid_sample(pixels, grid, mode="nearest", padding_mode="zeros", align_corners=False)
