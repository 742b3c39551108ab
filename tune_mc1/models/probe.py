"""Trial of networks from outside on a few images, before a sweep starts."""

import json
import time
from collections.abc import Iterable

import torch
from torch import nn

from tune_mc1.config.model_signature import signature_of
from tune_mc1.config.trial import TrialConfig
from tune_mc1.config.user_code import failed_line
from tune_mc1.errors import TrialError
from tune_mc1.models.build import build_model
from tune_mc1.models.freezing import FreezeError

ImageShape = tuple[int, int, int]

SECONDS = 10.0
"""Time for settings after the first one of each network."""

SIZES = (32, 48, 64, 80, 96, 128, 160, 192, 224, 256, 288, 299, 320, 384)
"""Sides of images, in pixels, that are tried for the smallest one that a network takes."""


def network_problems(
    configs: Iterable[TrialConfig], image_shape: ImageShape, classes: int
) -> list[str]:
    """Builds networks and calls them in training mode, on a batch of two images or of one.

    Args:
        configs: Parameters of the trials. The first setting of each network is tried, and as many
            others as there is time for.
        image_shape: Channels, height and width.
        classes: Number of classes.

    Returns:
        What keeps them from being trained; one line for each network that fails.
    """
    distinct: dict[str, TrialConfig] = {}
    for config in configs:
        key = [config.model, config.constructor_arguments, config.batch_size == 1, config.freeze]
        key.append(config.image_size)
        distinct.setdefault(json.dumps(key, sort_keys=True), config)
    problems: dict[str, str] = {}
    seen: set[str] = set()
    end = time.monotonic() + SECONDS
    for config in sorted(distinct.values(), key=lambda c: c.batch_size > 1):
        if config.model in problems or (config.model in seen and time.monotonic() > end):
            continue
        seen.add(config.model)
        problem = _problem(config, image_shape, classes)
        if problem is not None:
            problems[config.model] = problem
    return list(problems.values())


def _problem(config: TrialConfig, image_shape: ImageShape, classes: int) -> str | None:
    count = 1 if config.batch_size == 1 else 2
    try:
        output = _output(config, image_shape, classes, count)
    except TrialError as error:
        helps = not isinstance(error, FreezeError)
        return f"{error}{_smallest(config, image_shape, classes) if helps else ''}"
    except Exception as error:
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}{failed_line(error)}"
        if count == 1 and "more than 1 value per channel" in reason:
            return (
                f"parameters.batch_size: {config.model} has batch norm, which cannot be trained on "
                "batches of one image, got 1"
            )
        _, height, width = config.input_shape(image_shape)
        smallest = _smallest(config, image_shape, classes)
        what = f"images of {height}x{width} pixels" if smallest else f"a batch of {count} images"
        return f"parameters.model: {config.model} fails on {what}{smallest}: {reason}"
    if not isinstance(output, torch.Tensor):
        kind = type(output).__name__
        aux = "aux_logits" in signature_of(config.model).parameters
        hint = " (aux_logits: {value: false})" if aux else ""
        return (
            f"parameters.model: {config.model} must map images to a tensor of logits (images, "
            f"classes) when it is trained{hint}, got {kind}"
        )
    if tuple(output.shape) != (count, classes):
        return (
            f"parameters.model: {config.model} must map {count} images to ({count}, {classes}), "
            f"one logit for each of {classes} classes, got {tuple(output.shape)}"
        )
    return None


@torch.no_grad()
def _output(config: TrialConfig, image_shape: ImageShape, classes: int, count: int) -> object:
    network: nn.Module = build_model(config, image_shape, classes).train()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return network(torch.rand(count, *config.input_shape(image_shape)) * 2 - 1)


def _smallest(config: TrialConfig, image_shape: ImageShape, classes: int) -> str:
    """Names the smallest images that a network takes; empty if larger ones do not help."""
    channels, height, width = config.input_shape(image_shape)
    for side in SIZES:
        if side <= max(height, width):
            continue
        sized = {} if config.image_size is None else {"image_size": side}
        try:
            _output(config.model_copy(update=sized), (channels, side, side), classes, 2)
        except Exception:  # whatever a network raises
            continue
        return f"; the smallest that it takes are {side}x{side}"
    return ""
