"""The architectures of the reference study, declared as layers. Pure data: nothing imports torch.

One declaration serves three readers: the validator (which options a model takes), the plain model,
and any other form of the same network. Source: architecture table of the reference study (2023).
"""

from dataclasses import dataclass
from typing import Literal

ModelName = Literal[
    "MLP",
    "CNN_simple",
    "CNN",
    "CNN2",
    "CNN3",
    "CNN4",
    "CNN5",
    "CNN6",
    "CNN7",
    "CNN8",
    "VGG",
    "ResNeXt50",
]


@dataclass(frozen=True)
class Conv:
    """A convolution with stride 1 and a ReLU, and 2x2 max pooling if `pool`.

    Attributes:
        channels: Output channels.
        kernel: Side of the square kernel, in pixels.
        padding: Zero padding on each side, in pixels.
        pool: Whether a 2x2 max pooling with stride 2 follows.
    """

    channels: int
    kernel: int
    padding: int
    pool: bool = False


@dataclass(frozen=True)
class Architecture:
    """A network: convolutions, then hidden linear layers, then one linear layer to the classes.

    Attributes:
        convs: The convolutions, in order. Empty means that the flattened image is the input.
        hidden: Widths of the hidden linear layers, each followed by a ReLU.
        batch_norm: `option` if `batch_norm` chooses, `always` or `never` otherwise. It comes after
            every convolution and hidden linear layer, before the ReLU; with `always`, after
            the convolutions only.
        dropout_layers: How many of the first hidden linear layers a dropout follows.
        dropout_p: Probability of dropping a unit where the trial names none.
        backbone: Name of a frozen torchvision backbone that stands before the layers, if any.
    """

    convs: tuple[Conv, ...] = ()
    hidden: tuple[int, ...] = ()
    batch_norm: Literal["option", "always", "never"] = "never"
    dropout_layers: int = 0
    dropout_p: float = 0.0
    backbone: str | None = None


def _same(channels: int, kernel: int, pool: bool = False) -> Conv:
    return Conv(channels, kernel, padding=kernel // 2, pool=pool)


def _vgg_convs() -> tuple[Conv, ...]:
    pairs = ((64, True), (128, True), (256, True), (512, False))
    return tuple(conv for c, pool in pairs for conv in (_same(c, 3), _same(c, 3, pool)))


ARCHITECTURES: dict[ModelName, Architecture] = {
    "MLP": Architecture(hidden=(5000, 5000, 1000, 100), batch_norm="option"),
    "CNN_simple": Architecture((Conv(6, 5, 0),), batch_norm="option"),
    "CNN": Architecture((Conv(6, 5, 0, True), Conv(16, 5, 0, True)), (120, 84), "option"),
    "CNN2": Architecture((_same(6, 5, True), _same(16, 5, True)), (120, 84)),
    "CNN3": Architecture((_same(6, 5, True), _same(16, 5, True)), (1000, 100)),
    "CNN4": Architecture((_same(6, 3, True), _same(16, 3, True)), (1000, 100)),
    "CNN5": Architecture(
        (_same(32, 3, True), _same(16, 3, True), _same(8, 3, True)), (128, 64, 32, 16)
    ),
    "CNN6": Architecture(
        (_same(32, 3, True), _same(16, 3, True), _same(8, 3)), (512, 256, 128, 64)
    ),
    "CNN7": Architecture((_same(128, 3), _same(64, 3), _same(32, 3, True)), (512, 256, 128, 64)),
    "CNN8": Architecture(
        (_same(128, 5), _same(64, 5), _same(32, 5, True)),
        (512, 256, 128, 64),
        batch_norm="option",
        dropout_layers=2,
    ),
    "VGG": Architecture(
        _vgg_convs(), (4096, 4096), batch_norm="always", dropout_layers=2, dropout_p=0.5
    ),
    "ResNeXt50": Architecture(backbone="resnext50_32x4d"),
}

ALIASES: dict[str, ModelName] = {
    "best CNN": "CNN8",
    "ChatGPT": "VGG",
    "SE_ResNeXt_50": "ResNeXt50",
    "ResNeXt-50": "ResNeXt50",
    "CNN_singlebatch": "CNN",
}
"""Names of the reference's sweep files. `CNN_singlebatch` also sets `overfit_batches: 1`."""


@dataclass(frozen=True)
class LayerSize:
    """What one trained layer of a network costs.

    Attributes:
        weights: Its parameters, with those of its batch norm.
        outputs: Numbers that it gives for an image, before pooling.
        multiply_adds: Of an image's forward pass.
    """

    weights: int
    outputs: int
    multiply_adds: int


def layer_sizes(
    model: ModelName, image_shape: tuple[int, int, int], classes: int, batch_norm: bool = False
) -> list[LayerSize]:
    """The trained layers of a network, in order.

    Args:
        model: Name of the architecture.
        image_shape: Channels, height and width.
        classes: Number of classes.
        batch_norm: Whether the option is on.
    """
    arch, sizes = ARCHITECTURES[model], []
    channels, height, width = image_shape
    norms = 2 * (batch_norm or arch.batch_norm == "always")
    for conv in arch.convs:
        height, width = (side + 2 * conv.padding - conv.kernel + 1 for side in (height, width))
        per_pixel = conv.kernel**2 * channels * conv.channels
        outputs = conv.channels * height * width
        weights = per_pixel + conv.channels * (1 + norms)
        sizes.append(LayerSize(weights, outputs, per_pixel * height * width))
        channels = conv.channels
        if conv.pool:
            height, width = height // 2, width // 2
    features = BACKBONE_FEATURES if arch.backbone else channels * height * width
    norms *= arch.batch_norm == "option"
    for size in arch.hidden:
        sizes.append(LayerSize(features * size + size * (1 + norms), size, features * size))
        features = size
    sizes.append(LayerSize((features + 1) * classes, classes, features * classes))
    return sizes


COLUMN_CHANNELS = 16
"""Input channels up to which a GPU convolves many trials by copies of all windows
(`tune_mc1.models.column_conv`): measured on an H100, 3 and 6 channels gain, 32 lose."""

BACKBONE_FEATURES = 2048
"""Features that the frozen ResNeXt-50 gives for each image."""


def feature_sizes(arch: Architecture, image_shape: tuple[int, int, int]) -> list[int]:
    """Side lengths of the smaller side after each convolution and its pooling, in pixels.

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


def check_image_fits(model: ModelName, image_shape: tuple[int, int, int]) -> str | None:
    """What is wrong with images of this size for a model; None if nothing is.

    Args:
        model: Name of the architecture.
        image_shape: Channels, height and width.
    """
    sides = feature_sizes(ARCHITECTURES[model], image_shape)
    for i, side in enumerate(sides, 1):
        if side < 1:
            _, height, width = image_shape
            return (
                f"parameters.model: {model} needs larger images (nothing is left of them after "
                f"convolution {i}), got {height}x{width} pixels"
            )
    return None
