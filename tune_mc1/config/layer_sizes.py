"""Layer sizes of a network, for forecasts of time and memory. Does not import torch."""

from collections.abc import Iterator

from tune_mc1.config.architectures import ARCHITECTURES, Architecture, LayerSize

COLUMN_CHANNELS = 16
"""Maximum number of input channels for which a GPU convolves many trials by copying all windows
(`tune_mc1.models.column_conv`). Measured on an H100: faster with 3 and 6 channels, slower with
32."""


def layer_sizes(
    model: str | Architecture,
    image_shape: tuple[int, int, int],
    classes: int,
    batch_norm: bool = False,
) -> list[LayerSize]:
    """Sizes of the trained layers of a network, in order.

    Args:
        model: The architecture, or its name.
        image_shape: Channels, height and width.
        classes: Number of classes.
        batch_norm: Whether the option `batch_norm` is on.
    """
    arch, sizes = ARCHITECTURES[model] if isinstance(model, str) else model, []
    channels, height, width = image_shape
    if not arch.declared:
        return list(arch.sizes or _assumed(height * width))
    has_norm = batch_norm or arch.batch_norm == "always"
    for i, conv in enumerate(arch.convs):
        height, width = (side + 2 * conv.padding - conv.kernel + 1 for side in (height, width))
        filters = arch.channels_of(conv, channels)
        per_pixel = conv.kernel**2 * channels * filters
        trained = 0 if arch.whitened and not i else per_pixel
        norm = has_norm and conv.norm
        per_filter = (arch.conv_bias or not norm) + norm * (1 + arch.norm_scale)
        weights = trained + filters * per_filter
        sizes.append(LayerSize(weights, filters * height * width, per_pixel * height * width))
        channels = filters
        if conv.pool:
            height, width = height // 2, width // 2
    pixels = 1 if arch.global_pool else height * width
    features = arch.backbone.features if arch.backbone else channels * pixels
    norms = 2 * (has_norm and arch.batch_norm == "option")
    for size in arch.hidden:
        sizes.append(LayerSize(features * size + size * (1 + norms), size, features * size))
        features = size
    sizes.append(LayerSize((features + 1) * classes, classes, features * classes))
    return sizes


def _assumed(pixels: int) -> Iterator[LayerSize]:
    """A ResNet-18 as used for small images: 17 convolutions, taken as equal."""
    for _ in range(17):
        yield LayerSize(weights=657_000, outputs=64 * pixels, multiply_adds=32_000 * pixels)


def feature_sizes(arch: Architecture, image_shape: tuple[int, int, int]) -> list[int]:
    """Length of the shorter side after each convolution and its pooling, in pixels.

    Args:
        arch: The declared network.
        image_shape: Channels, height and width.
    """
    side, sides = min(image_shape[1:]), []
    for conv in arch.convs:
        side += 2 * conv.padding - conv.kernel + 1
        side //= 2 if conv.pool else 1
        sides.append(side)
    return sides


def check_image_fits(
    model: str, image_shape: tuple[int, int, int], architecture: Architecture | None = None
) -> str | None:
    """Checks the size of images for a model; returns the problem, or None.

    Args:
        model: Name of the architecture.
        image_shape: Channels, height and width.
        architecture: The architecture, if it is tuned.
    """
    sides = feature_sizes(architecture or ARCHITECTURES[model], image_shape)
    for i, side in enumerate(sides, 1):
        if side < 1:
            _, height, width = image_shape
            return (
                f"parameters.model: {model} requires larger images (nothing is left after "
                f"convolution {i}), got {height}x{width} pixels"
            )
    return None
