"""Declaration of a network as layers. Pure data; does not import torch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Pooling = Literal["max", "avg"]

DECLARED = "tune_mc1.models.build:build_declared"
"""Function that builds a network from its declared layers."""


@dataclass(frozen=True)
class Conv:
    """A convolution with stride 1 and an activation, and 2x2 pooling with stride 2 if `pool`.

    Attributes:
        channels: Output channels; 0 for those that `Architecture.whitened` needs.
        kernel: Side of the square kernel, in pixels.
        padding: Zero padding on each side, in pixels.
        pool: Whether 2x2 pooling with stride 2 follows.
        pool_first: Whether pooling comes before batch norm and activation, rather than after them.
        norm: Whether batch norm follows it, where the network has batch norm.
        residual: Number of convolutions, of which this is the last, whose common input is added to
            their output; 0 for none.
    """

    channels: int
    kernel: int
    padding: int
    pool: bool = False
    pool_first: bool = False
    norm: bool = True
    residual: int = 0


@dataclass(frozen=True)
class Backbone:
    """A frozen pretrained network that precedes the layers of an architecture.

    Attributes:
        build: `package.module:function`, called with the trial's parameters. It returns an
            `nn.Module` that maps RGB images to features (B, `features`).
        features: Number of features per image.
    """

    build: str
    features: int


@dataclass(frozen=True)
class LayerSize:
    """Size and cost of one trained layer of a network.

    Attributes:
        weights: Number of parameters, including those of its batch norm.
        outputs: Number of outputs per image, before pooling.
        multiply_adds: Multiply-adds per image in the forward pass.
    """

    weights: int
    outputs: int
    multiply_adds: int


@dataclass(frozen=True)
class Architecture:
    """A network: convolutions, then hidden linear layers, then one linear layer to the classes.

    Any other kind of network names its own `build` function and declares no convolutions or hidden
    layers.

    Attributes:
        convs: The convolutions, in order. If empty, the input is the flattened image.
        hidden: Widths of the hidden linear layers, each followed by an activation.
        batch_norm: `option` if the trial parameter `batch_norm` decides, else `always` or `never`.
            Batch norm follows every convolution and hidden linear layer, before the ReLU; with
            `always`, only the convolutions.
        dropout_layers: Number of leading hidden linear layers that are followed by dropout; with 0
            a `dropout_p` is rejected.
        dropout_p: Default probability of dropping a unit.
        backbone: Frozen network that precedes the layers, if any.
        build: `package.module:function`, called with the trial's parameters, the images' (channels,
            height, width) and the number of classes. It returns an `nn.Module` that maps images
            to logits; PyTorch's global generator is seeded for it.
        sizes: Sizes of the trained layers of a network with its own `build`, for forecasts of time
            and memory; if empty, a ResNet-18 is assumed.
        recordable: Whether the training step of a network with its own `build` can be recorded as
            a CUDA graph: its forward pass neither branches on computed values nor synchronises
            with the GPU (`.item()`).
        cpu_share: Time that one more trial adds to a group, relative to its time alone, on one
            core: if the trials share their images, and if each has its own. 1 means no gain.
        gpu_share: The same on a GPU.
        activation: Name of the activation (`tune_mc1.config.tunable.ACTIVATIONS`).
        pooling: Kind of pooling after convolutions.
        global_pool: Kind of pooling that reduces each channel to one number after the convolutions;
            None keeps them as they are.
        whitened: Whether the first convolution whitens patches of the training images with fixed
            weights (`tune_mc1.models.whitening`).
        conv_bias: Whether convolutions that batch norm follows have a bias of their own.
        norm_scale: Whether batch norm after convolutions has a trained scale.
        norm_momentum: Share of a batch in the running statistics of batch norm after convolutions.
        logit_scale: Factor of the logits; below 1, the last layer learns more slowly.
        tune: Makes the network with parameters of its own, `options`; None if it has none.
        options: Names of these parameters (`tune_mc1.config.tunable`).
    """

    convs: tuple[Conv, ...] = ()
    hidden: tuple[int, ...] = ()
    batch_norm: Literal["option", "always", "never"] = "never"
    dropout_layers: int = 0
    dropout_p: float = 0.0
    backbone: Backbone | None = None
    build: str = DECLARED
    sizes: tuple[LayerSize, ...] = ()
    recordable: bool = False
    cpu_share: tuple[float, float] = (1.0, 1.0)
    gpu_share: float = 1.0
    activation: str = "ReLU"
    pooling: Pooling = "max"
    global_pool: Pooling | None = None
    whitened: bool = False
    conv_bias: bool = True
    norm_scale: bool = True
    norm_momentum: float = 0.1
    logit_scale: float = 1.0
    tune: "Callable[[Architecture, Mapping[str, Any]], Architecture] | None" = None
    options: tuple[str, ...] = ()

    def channels_of(self, conv: Conv, inputs: int) -> int:
        """Output channels of one of the convolutions.

        Args:
            conv: The convolution.
            inputs: Its input channels.
        """
        return conv.channels or 2 * inputs * conv.kernel**2

    def tuned(self, arguments: Mapping[str, Any]) -> "Architecture":
        """The network with some parameters of its own.

        Args:
            arguments: Values of some of `options`.
        """
        return self.tune(self, arguments) if arguments and self.tune is not None else self

    @property
    def declared(self) -> bool:
        """True if it is built from its declared layers."""
        return self.build == DECLARED

    @property
    def sized(self) -> bool:
        """True if the sizes of its trained layers are known rather than assumed."""
        return self.declared or bool(self.sizes)

    @property
    def fusable(self) -> bool:
        """True if trials can be trained together as one model: all layers are declared and trained.

        With a frozen backbone, trials share its features instead.
        """
        return self.declared and self.backbone is None
