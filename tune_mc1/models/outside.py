"""Networks from outside: of timm, of torchvision, and the user's own `nn.Module`s."""

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from tune_mc1.config.model_names import library_of
from tune_mc1.config.model_signature import constructor_of, signature_of
from tune_mc1.config.recipe.inputs import HALF
from tune_mc1.config.trial import TrialConfig
from tune_mc1.config.user_code import reason_of
from tune_mc1.errors import TrialError
from tune_mc1.models.pretrained import Weights, are_wanted, find_weights


class Renormalized(nn.Module):
    """A pretrained network that gets images normalised as those with which it was trained.

    Args:
        network: The network.
        mean: Mean of each channel of its images, on a scale from 0 to 1.
        std: Their standard deviations.
    """

    def __init__(self, network: nn.Module, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        super().__init__()
        self.network = network
        shape = (1, len(mean), 1, 1)
        self.register_buffer("mean", torch.tensor(mean).view(shape), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(shape), persistent=False)
        self.mean: Tensor
        self.std: Tensor

    def forward(self, images: Tensor) -> Any:
        """Its outputs for images in [-1, 1]."""
        return self.network((images / 2 + 0.5 - self.mean) / self.std)


def build_outside(
    config: TrialConfig, image_shape: tuple[int, int, int], classes: int
) -> nn.Module:
    """Calls the constructor with what the images determine and what the sweep gives.

    Args:
        config: The trial's parameters.
        image_shape: Channels, height and width.
        classes: Number of classes.

    Raises:
        TrialError: If it cannot be imported or built, or its weights are not available.
    """
    library, given = library_of(config.model), dict(config.constructor_arguments)
    try:
        build, signature = constructor_of(config.model), signature_of(config.model)
    except ValueError as error:
        raise TrialError(f"parameters.model: {error}, got {config.model!r}") from None
    arguments = signature.from_images(image_shape, classes) | given
    weights = None
    if library is not None and (given.get("pretrained") or given.get("weights")):
        weights = find_weights(config.model, given)
    if library == "torchvision":
        network = _of_torchvision(config.model, build, arguments, weights, classes)
        return _unwrapped(network) if config.normalize != HALF else network
    if weights is not None and weights.file is not None:  # so that timm asks no server
        arguments["pretrained_cfg_overlay"] = {
            "file": weights.file,
            **(given.get("pretrained_cfg_overlay") or {}),
        }
    if library == "timm" and not are_wanted():
        arguments["pretrained"] = False
    network = _normalized(_call(config.model, build, arguments), weights, image_shape)
    return network if config.normalize == HALF else _unwrapped(network)


def _of_torchvision(
    model: str,
    build: Callable[..., Any],
    arguments: dict[str, Any],
    weights: Weights | None,
    classes: int,
) -> nn.Module:
    """Its networks have as many outputs as their weights, so that the last layer is replaced."""
    arguments = {n: v for n, v in arguments.items() if n not in ("pretrained", "weights")}
    if weights is None:
        return _call(model, build, arguments)
    arguments["num_classes"] = weights.classes
    network = _call(model, build, arguments)
    if are_wanted():
        network.load_state_dict(weights.state())
    if classes != weights.classes:
        _replace_head(network, weights.classes, classes)
    channels = len(weights.mean)
    return _normalized(network, weights, (channels, 0, 0))


def _unwrapped(network: nn.Module) -> nn.Module:
    """The network itself, where the trial normalises its images."""
    return network.network if isinstance(network, Renormalized) else network


def _replace_head(network: nn.Module, before: int, classes: int) -> None:
    for name, layer in reversed(list(network.named_modules())):
        new: nn.Module
        if isinstance(layer, nn.Linear) and layer.out_features == before:
            new = nn.Linear(layer.in_features, classes, bias=layer.bias is not None)
        elif isinstance(layer, nn.Conv2d) and layer.out_channels == before:
            new = nn.Conv2d(layer.in_channels, classes, layer.kernel_size)  # type: ignore[arg-type]
        else:
            continue
        network.set_submodule(name, new)
        return


def _normalized(
    network: nn.Module, weights: Weights | None, image_shape: tuple[int, int, int]
) -> nn.Module:
    if weights is None or len(weights.mean) != image_shape[0]:
        return network
    return Renormalized(network, weights.mean, weights.std)


def _call(model: str, build: Callable[..., Any], arguments: dict[str, Any]) -> nn.Module:
    try:
        with warnings.catch_warnings():
            if library_of(model) is not None:  # of changes in later versions of the library
                warnings.simplefilter("ignore", FutureWarning)
            network = build(**arguments)
    except Exception as error:
        given = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
        raise TrialError(
            f"parameters.model: {model}({given}) cannot be built: {reason_of(error)}"
        ) from error
    if not isinstance(network, nn.Module):
        kind = type(network).__name__
        raise TrialError(f"parameters.model: {model} must return an nn.Module, got {kind}")
    return network
