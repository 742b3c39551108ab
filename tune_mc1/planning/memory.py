"""Memory requirements of trials, which limit the size of a group."""

import math
import os
from collections.abc import Iterator, Sequence

from tune_mc1.config.architectures import LayerSize
from tune_mc1.config.layer_sizes import COLUMN_CHANNELS, layer_sizes
from tune_mc1.config.optimizers import OPTIMIZERS
from tune_mc1.config.trial import TrialConfig
from tune_mc1.planning.own_networks import own_form

FLOAT = 4
VALUES_PER_OUTPUT = 4.0
"""Values kept per output of a layer until the end of the backward pass: the output, its pooled and
activated forms, and its gradient. Measured (`tests/benchmarks/memory.py`)."""

USABLE_FRACTION = 0.8
"""Fraction of the memory that groups may use; the rest is for everything else in the process."""


def trial_bytes(
    config: TrialConfig, image_shape: tuple[int, int, int], classes: int, gpu: bool = False
) -> int:
    """Memory that one more trial adds to a group, in bytes.

    Args:
        config: The trial's parameters.
        image_shape: Channels, height and width.
        classes: Number of classes.
        gpu: Whether the group runs on a GPU, where image windows and optimiser settings take
            additional memory.
    """
    image_shape = config.input_shape(image_shape)
    layers = layer_sizes(config.architecture, image_shape, classes, config.effective_batch_norm)
    if not config.architecture.sized:
        layers = list(own_form(config, (image_shape, classes)).sizes) or layers
    numbers = 2 + OPTIMIZERS[config.optimizer].moments  # a weight, its gradient and its moments
    weights = sum(layer.weights for layer in layers) * numbers
    outputs = sum(layer.outputs for layer in layers) * config.batch_size * VALUES_PER_OUTPUT
    if gpu:
        weights += 3 * sum(layer.weights for layer in layers)
        windows = sum(_windows(config, image_shape, layers))
        outputs += 2 * config.batch_size * windows  # including their gradient
    return int(FLOAT * (weights + outputs))


def image_bytes(
    config: TrialConfig, image_shape: tuple[int, int, int], classes: int, fused: bool
) -> int:
    """Memory per additional image on a GPU without gradients, in bytes per trial.

    This is the size of the input and output of the layer that needs the most.

    Args:
        config: Parameters of one of the trials.
        image_shape: Channels, height and width.
        classes: Number of classes.
        fused: Whether the trial is part of a group, whose narrow layers copy windows.
    """
    image_shape = config.input_shape(image_shape)
    layers = layer_sizes(config.architecture, image_shape, classes, config.effective_batch_norm)
    inputs = [math.prod(image_shape), *(layer.outputs for layer in layers)]
    windows = [n if fused else 0.0 for n in _windows(config, image_shape, layers)]
    windows += [0.0] * (len(layers) - len(windows))
    parts = zip(inputs, layers, windows, strict=False)
    return int(FLOAT * max(before + layer.outputs + copied for before, layer, copied in parts))


def _windows(
    config: TrialConfig, image_shape: tuple[int, int, int], layers: Sequence[LayerSize]
) -> Iterator[float]:
    """Number of window values that a group on a GPU copies per image, for each convolution."""
    channels, architecture = image_shape[0], config.architecture
    for conv, layer in zip(architecture.convs, layers, strict=False):
        filters = architecture.channels_of(conv, channels)
        yield layer.multiply_adds / filters if channels <= COLUMN_CHANNELS else 0.0
        channels = filters


def group_limit(
    config: TrialConfig,
    image_shape: tuple[int, int, int],
    classes: int,
    memory: float,
    gpu: bool = False,
) -> int:
    """Maximum size of a group that fits into memory; at least 1.

    Args:
        config: Parameters of one of the trials.
        image_shape: Channels, height and width.
        classes: Number of classes.
        memory: Bytes available to the group.
        gpu: Whether it runs on a GPU.
    """
    return max(1, int(USABLE_FRACTION * memory // trial_bytes(config, image_shape, classes, gpu)))


def available_memory(threads: int, gpu: float) -> float:
    """Memory available to a group on its node, in bytes.

    Args:
        threads: Cores of the group.
        gpu: Its fraction of a GPU; 0 without one.
    """
    if gpu:
        import torch

        if torch.cuda.is_available():
            return gpu * torch.cuda.get_device_properties(torch.cuda.current_device()).total_memory
    import psutil

    return psutil.virtual_memory().available * min(1.0, threads / (os.cpu_count() or 1))
