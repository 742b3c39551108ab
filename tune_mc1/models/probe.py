"""Trial of networks from outside on a few images, before a sweep starts."""

import json
import time
from collections.abc import Iterable

import torch
from torch import nn

from tune_mc1.config.model_signature import signature_of
from tune_mc1.config.trial import TrialConfig
from tune_mc1.config.user_code import reason_of
from tune_mc1.errors import TrialError
from tune_mc1.models.build import build_model
from tune_mc1.models.freezing import FreezeError
from tune_mc1.models.pretrained import WeightsError

ImageShape = tuple[int, int, int]

SECONDS = 10.0
"""Time for settings after the first one of each network."""

SIZES = (32, 48, 64, 80, 96, 128, 160, 192, 224, 256, 288, 299, 320, 384)
"""Sides of images, in pixels, that are tried for the smallest one that a network takes."""

SIZES_SECONDS = 60.0
"""Time for these sizes."""

OF_SIZE = (RuntimeError, ValueError, AssertionError, ArithmeticError, LookupError)
"""What PyTorch, timm, torchvision and users' own checks raise for images of a wrong size. Other
errors, such as a name that is not defined or an argument too many, come for images of any size."""


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
        return f"{error}{_smallest(config, image_shape, classes, error)}"
    except Exception as error:
        reason = reason_of(error)
        if count == 1 and "more than 1 value per channel" in reason:
            return (
                f"parameters.batch_size: {config.model} has batch norm, which cannot be trained on "
                "batches of one image, got 1"
            )
        _, height, width = config.input_shape(image_shape)
        smallest = _smallest(config, image_shape, classes, error)
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
        output = network(torch.rand(count, *config.input_shape(image_shape)) * 2 - 1)
    if not any(weight.requires_grad for weight in network.parameters()):
        raise FreezeError(f"parameters.model: {config.model} has no weights that are trained")
    return output


def _smallest(
    config: TrialConfig, image_shape: ImageShape, classes: int, failure: Exception
) -> str:
    """Names the smallest images that a network takes; empty if larger ones do not help.

    Errors of `OF_SIZE` for larger images are passed over: they say that these are too small as
    well. Any other ends the search, and is named, as it is a mistake that larger images bring out.

    Args:
        config: The trial's parameters.
        image_shape: Channels, height and width for which the network fails.
        classes: Number of classes.
        failure: How it fails for them.
    """
    if not _is_of_size(failure):
        return ""
    channels, height, width = config.input_shape(image_shape)
    end = time.monotonic() + SIZES_SECONDS
    for side in SIZES:
        if side <= max(height, width):
            continue
        if time.monotonic() > end:
            return ""
        sized = {} if config.image_size is None else {"image_size": side}
        try:
            _output(config.model_copy(update=sized), (channels, side, side), classes, 2)
        except Exception as error:
            if not _is_of_size(error):
                return f", and on {side}x{side} for another reason ({reason_of(error)})"
        else:
            return f"; the smallest that it takes are {side}x{side}"
    return ""


def _is_of_size(error: Exception) -> bool:
    """Whether images of another size might help."""
    if isinstance(error, (FreezeError, WeightsError)):
        return False
    cause = error.__cause__ if isinstance(error, TrialError) else error
    if isinstance(cause, (NotImplementedError, RecursionError)):  # which are RuntimeErrors
        return False
    return cause is None or isinstance(cause, OF_SIZE)
