"""Building of models, from declared layers or by the architecture's own function."""

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedParameter

from tune_mc1.config.architectures import Architecture, Conv
from tune_mc1.config.layer_sizes import check_image_fits
from tune_mc1.config.trial import TrialConfig
from tune_mc1.config.tunable import RISING
from tune_mc1.errors import TrialError
from tune_mc1.models.backbone import FrozenBackbone
from tune_mc1.models.classifier import Classifier, ImageShape, OwnNetwork
from tune_mc1.models.dropout import DropoutStream, SeededDropout
from tune_mc1.models.freezing import frozen
from tune_mc1.models.init import init_layer
from tune_mc1.registry import resolve
from tune_mc1.seeding import derive_seed

__all__ = ["Classifier", "ImageShape", "OwnNetwork", "build_declared", "build_model"]

Layer = TypeVar("Layer", nn.Conv2d, nn.Linear)


class Residual(nn.Sequential):
    """Layers whose input is added to their output."""

    def forward(self, images: Tensor) -> Tensor:
        """Images of the same shape."""
        made = images
        for layer in self:
            made = layer(made)
        return images + made


class Scale(nn.Module):
    """Multiplies its input by a constant.

    Args:
        factor: The constant.
    """

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, values: Tensor) -> Tensor:
        """Values of the same shape."""
        return values * self.factor


def build_model(config: TrialConfig, image_shape: ImageShape, classes: int) -> Classifier:
    """Builds the model that a trial names, initialised from the trial's seed.

    Args:
        config: The trial's parameters.
        image_shape: Channels, height and width of the images.
        classes: Number of classes.

    Raises:
        TrialError: If the images are too small, pretrained weights are not available, or the
            network cannot be frozen as asked.
    """
    image_shape = config.input_shape(image_shape)
    problem = check_image_fits(config.model, image_shape, config.architecture)
    if problem:
        raise TrialError(problem)
    build = resolve(config.architecture.build)
    with torch.random.fork_rng(devices=[]):  # seeds networks that draw from the global generator
        torch.default_generator.manual_seed(derive_seed(config.seed, "init", "network"))
        network: nn.Module = build(config, image_shape, classes)
        _give_sizes(network, image_shape)
    model = network if isinstance(network, Classifier) else OwnNetwork(network, config.seed)
    if config.freeze is None:
        return model
    return frozen(model, config.freeze, config.model, image_shape, classes)


def _give_sizes(network: nn.Module, image_shape: ImageShape) -> None:
    """Makes the weights of lazy layers, whose sizes depend on the images, by calling them once."""
    if any(isinstance(weight, UninitializedParameter) for weight in network.parameters()):
        with torch.no_grad():
            network.eval()(torch.zeros(1, *image_shape))
        network.train()


def build_declared(config: TrialConfig, image_shape: ImageShape, classes: int) -> Classifier:
    """Builds a model from the layers that its architecture declares; see `build_model`."""
    arch = config.architecture
    stream = DropoutStream(config.seed) if arch.dropout_layers else None
    layers = _Layers(config, arch, stream)
    if arch.backbone is None:
        layers.add_linears(layers.add_convs(image_shape), classes)
        return Classifier(layers.made, stream)
    layers.add_linears(arch.backbone.features, classes)
    return Classifier(layers.made, stream, FrozenBackbone(resolve(arch.backbone.build)(config)))


def _bare(kind: Callable[..., Layer], *sizes: int, **options: int) -> Layer:
    """A layer with uninitialised weights.

    Unlike `torch.nn.utils.skip_init`, it does not import sympy, which takes half a second.
    """
    with torch.device("meta"):
        layer = kind(*sizes, **options)
    for name, weight in layer.named_parameters():
        setattr(layer, name, nn.Parameter(torch.empty(weight.shape)))
    return layer


class _Layers:
    """Creates layers in order, with stable names, on which seeds and checkpoints depend."""

    def __init__(
        self, config: TrialConfig, arch: Architecture, stream: DropoutStream | None
    ) -> None:
        self.config, self.arch, self.stream = config, arch, stream
        self.made: OrderedDict[str, nn.Module] = OrderedDict()

    def add_convs(self, image_shape: ImageShape) -> int:
        """Adds the convolutions and flattens; returns the number of features."""
        channels, height, width = image_shape
        begins: list[int] = []
        for i, conv in enumerate(self.arch.convs, 1):
            begins.append(len(self.made))
            filters = self.arch.channels_of(conv, channels)
            bias = self.arch.conv_bias or not self._has_norm(conv)
            layer = _bare(
                nn.Conv2d, channels, filters, conv.kernel, padding=conv.padding, bias=bias
            )
            self._add_weighted(f"conv{i}", layer)
            if self.arch.whitened and i == 1:
                layer.weight.requires_grad_(False)
            self._add_after(f"conv{i}", conv, filters)
            height, width = (s + 2 * conv.padding - conv.kernel + 1 for s in (height, width))
            if conv.pool:
                height, width = height // 2, width // 2
            channels = filters
            if conv.residual:
                self._add_residual(f"residual{i}", begins[-conv.residual])
        if self.arch.global_pool is not None:
            avg = self.arch.global_pool == "avg"
            # On a GPU, the backward pass of AdaptiveMaxPool2d is not deterministic.
            whole = nn.MaxPool2d((height, width))
            self.made["pool"] = nn.AdaptiveAvgPool2d(1) if avg else whole
            height = width = 1
        self.made["flatten"] = nn.Flatten()
        return channels * height * width

    def _has_norm(self, conv: Conv) -> bool:
        return self.config.effective_batch_norm and conv.norm

    def _add_after(self, name: str, conv: Conv, filters: int) -> None:
        """Adds batch norm, pooling and activation of a convolution.

        Max pooling and an activation that never falls commute, and the activation is cheaper after
        pooling.
        """
        parts: list[tuple[str, nn.Module]] = []
        avg = self.arch.pooling == "avg"
        pool = [(f"{name}_pool", nn.AvgPool2d(2) if avg else nn.MaxPool2d(2))]
        if self._has_norm(conv):
            norm = nn.BatchNorm2d(filters, momentum=self.arch.norm_momentum)
            norm.weight.requires_grad_(self.arch.norm_scale)
            parts.append((f"{name}_norm", norm))
        if conv.pool and conv.pool_first:
            parts = [*pool, *parts]
        elif conv.pool and not avg and self.arch.activation in RISING:
            parts += pool
        parts.append(self._activation(name))
        if conv.pool and not any(part is pool[0] for part in parts):
            parts += pool
        self.made.update(parts)

    def _activation(self, name: str) -> tuple[str, nn.Module]:
        if self.arch.activation == "ReLU":
            return f"{name}_relu", nn.ReLU(inplace=True)
        return f"{name}_act", getattr(nn, self.arch.activation)()

    def _add_residual(self, name: str, begin: int) -> None:
        """Joins the layers from `begin` on to one whose input is added to its output."""
        parts = list(self.made.items())[begin:]
        for part, _ in parts:
            del self.made[part]
        self.made[name] = Residual(OrderedDict(parts))

    def add_linears(self, features: int, classes: int) -> None:
        """Adds the hidden linear layers and the last one."""
        norm = self.config.effective_batch_norm and self.arch.batch_norm == "option"
        for i, width in enumerate(self.arch.hidden, 1):
            self._add_weighted(f"fc{i}", _bare(nn.Linear, features, width))
            if norm:
                self.made[f"fc{i}_norm"] = nn.BatchNorm1d(width)
            self.made.update([self._activation(f"fc{i}")])
            if self.stream is not None and i <= self.arch.dropout_layers:
                name = f"fc{i}_dropout"
                self.made[name] = SeededDropout(self.config.effective_dropout, name, self.stream)
            features = width
        self._add_weighted("output", _bare(nn.Linear, features, classes))
        if self.arch.logit_scale != 1:
            self.made["scale"] = Scale(self.arch.logit_scale)

    def _add_weighted(self, name: str, layer: nn.Conv2d | nn.Linear) -> None:
        init_layer(layer, name, self.config.weights_init_type, self.config.seed)
        self.made[name] = layer
