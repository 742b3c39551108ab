"""Architectures of the reference study, and others, by name. Does not import torch.

One declaration serves the validator (which options a model accepts), the plain model, other forms
of the same network, and forecasts. Source: architecture table of the reference study (2023). Other
packages can register their own networks (docs/extending.md).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tune_mc1.config.architecture import Architecture, Backbone, Conv, LayerSize
from tune_mc1.config.tunable import numbers
from tune_mc1.registry import Registry

__all__ = ["ALIASES", "ARCHITECTURES", "OUTSIDE", "Architecture", "Backbone", "Conv", "LayerSize"]

_MEASURED = 0.05

NARROW, MEDIUM = 16, 32
"""Maximum number of filters of a `ConvNet` whose trials gain as those of CNN2 on a CPU, and as
those of CNN5 on a GPU, when they are trained as one."""


def tuned_mlp(base: Architecture, arguments: Mapping[str, Any]) -> Architecture:
    """`MLP` with other widths or another activation; dropout follows every hidden layer."""
    hidden = tuple(numbers(arguments.get("hidden", base.hidden)))
    activation = str(arguments.get("activation", base.activation))
    return replace(base, hidden=hidden, activation=activation, dropout_layers=len(hidden))


def tuned_convnet(base: Architecture, arguments: Mapping[str, Any]) -> Architecture:
    """`ConvNet` with other layers; a group of trials pays as it does for networks of its width."""
    filters = numbers(arguments.get("filters", [conv.channels for conv in base.convs]))
    kernels = numbers(arguments.get("kernel_sizes", base.convs[0].kernel))
    kernels = kernels * len(filters) if len(kernels) == 1 else kernels
    pool = arguments.get("pool", base.pooling)
    made = tuned_mlp(base, arguments)
    convs = tuple(_same(c, k, pool != "none") for c, k in zip(filters, kernels, strict=True))
    narrow, medium = max(filters) <= NARROW, max(filters) <= MEDIUM
    return replace(
        made,
        convs=convs,
        pooling="avg" if pool == "avg" else "max",
        cpu_share=(0.6, 1.0) if narrow else base.cpu_share,
        gpu_share=_MEASURED if medium else base.gpu_share,
    )


def _same(channels: int, kernel: int, pool: bool = False) -> Conv:
    return Conv(channels, kernel, padding=kernel // 2, pool=pool)


def _residual(channels: int) -> Conv:
    return Conv(channels, 3, 1, residual=2)


def _pooled_first(channels: int) -> Conv:
    return Conv(channels, 3, 1, pool=True, pool_first=True)


def _airbench_convs(filters: Sequence[int]) -> tuple[Conv, ...]:
    return tuple(conv for c in filters for conv in (_pooled_first(c), _same(c, 3)))


def tuned_airbench(base: Architecture, arguments: Mapping[str, Any]) -> Architecture:
    """`Airbench` with other widths: `filters` of each block of two convolutions."""
    filters = numbers(arguments["filters"])
    return replace(base, convs=(base.convs[0], *_airbench_convs(filters)))


def _vgg_convs() -> tuple[Conv, ...]:
    pairs = ((64, True), (128, True), (256, True), (512, False))
    return tuple(conv for c, pool in pairs for conv in (_same(c, 3), _same(c, 3, pool)))


OUTSIDE = Architecture(build="tune_mc1.models.outside:build_outside")
"""A network of a library or of the user: its name has a colon (`tune_mc1.config.model_names`)."""


class _Architectures(Registry[Architecture]):
    """The registered networks; any name with a colon is that of an `OUTSIDE` network."""

    def __getitem__(self, name: str) -> Architecture:
        return OUTSIDE if ":" in name else super().__getitem__(name)


ARCHITECTURES: Registry[Architecture] = _Architectures("model")
"""Networks by name, as in the trial parameter `model`. `cpu_share` is fitted to
`docs/performance.md`; without a value a group gains at most a tenth, because the layers already
fill a core. `gpu_share` was measured on an H100 for CNN (0.04 to 0.05) and CNN5 (0.03), and is
assumed to hold for similar networks; MLP, CNN8 and VGG gain nothing, and CNN7, which is as wide,
should not either."""

_SHIPPED = {
    "MLP": Architecture(
        hidden=(5000, 5000, 1000, 100),
        batch_norm="option",
        tune=tuned_mlp,
        options=("hidden", "activation"),
    ),
    "CNN_simple": Architecture(
        (Conv(6, 5, 0),), batch_norm="option", cpu_share=(0.64, 1.0), gpu_share=_MEASURED
    ),
    "CNN": Architecture(
        (Conv(6, 5, 0, True), Conv(16, 5, 0, True)),
        (120, 84),
        "option",
        cpu_share=(0.39, 0.69),
        gpu_share=_MEASURED,
    ),
    "CNN2": Architecture(
        (_same(6, 5, True), _same(16, 5, True)),
        (120, 84),
        cpu_share=(0.53, 0.77),
        gpu_share=_MEASURED,
    ),
    "CNN3": Architecture(
        (_same(6, 5, True), _same(16, 5, True)),
        (1000, 100),
        cpu_share=(0.75, 0.9),
        gpu_share=_MEASURED,
    ),
    "CNN4": Architecture(
        (_same(6, 3, True), _same(16, 3, True)),
        (1000, 100),
        cpu_share=(0.75, 0.95),
        gpu_share=_MEASURED,
    ),
    "CNN5": Architecture(
        (_same(32, 3, True), _same(16, 3, True), _same(8, 3, True)),
        (128, 64, 32, 16),
        gpu_share=_MEASURED,
    ),
    "CNN6": Architecture(
        (_same(32, 3, True), _same(16, 3, True), _same(8, 3)),
        (512, 256, 128, 64),
        gpu_share=_MEASURED,
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
    "ResNeXt50": Architecture(backbone=Backbone("tune_mc1.models.resnext:resnext50", 2048)),
    "ConvNet": Architecture(
        (_same(32, 3, True), _same(64, 3, True)),
        (128,),
        batch_norm="option",
        dropout_layers=1,
        tune=tuned_convnet,
        options=("filters", "kernel_sizes", "pool", "hidden", "activation"),
    ),
    "ResNet9": Architecture(
        (
            *(_same(64, 3), _same(128, 3, True), _same(128, 3), _residual(128)),
            *(_same(256, 3, True), _same(512, 3, True), _same(512, 3), _residual(512)),
        ),
        batch_norm="always",
        global_pool="max",
    ),
    "Airbench": Architecture(
        (
            Conv(0, 2, 0, norm=False),
            *_airbench_convs((64, 256, 256)),
        ),
        batch_norm="always",
        activation="GELU",
        global_pool="max",
        whitened=True,
        conv_bias=False,
        norm_scale=False,
        norm_momentum=0.4,
        logit_scale=1 / 9,
        tune=tuned_airbench,
        options=("filters",),
    ),
}
"""`ResNet9` follows D. Page's network for DAWNBench, `Airbench` that of K. Jordan (2024, arXiv
2404.00498)."""

for _name, _architecture in _SHIPPED.items():
    ARCHITECTURES.register(_name, _architecture)

ALIASES: dict[str, str] = {
    "best CNN": "CNN8",
    "ChatGPT": "VGG",
    "SE_ResNeXt_50": "ResNeXt50",
    "ResNeXt-50": "ResNeXt50",
    "CNN_singlebatch": "CNN",
}
"""Names used in the reference's sweep files. `CNN_singlebatch` also sets `overfit_batches: 1`."""
