"""Networks that are trained in part: the last layer alone, or without the first blocks."""

from collections import OrderedDict

import torch
from torch import nn

from tune_mc1.config.recipe.fine_tuning import BACKBONE
from tune_mc1.errors import TrialError
from tune_mc1.models.backbone import FrozenBackbone
from tune_mc1.models.blocks import blocks_of
from tune_mc1.models.classifier import Classifier, ImageShape

CLOSE = 1e-3
"""Largest accepted difference of logits, with and without the division, relative to the largest."""


class FreezeError(TrialError):
    """A network cannot be frozen as it is asked for; the text is one line."""


def frozen(
    model: Classifier, freeze: str, name: str, image_shape: ImageShape, classes: int
) -> Classifier:
    """A network that is trained in part.

    Args:
        model: The network.
        freeze: The trial parameter.
        name: Name of the network, for messages.
        image_shape: Channels, height and width.
        classes: Number of classes.

    Raises:
        FreezeError: If the network has no such part.
    """
    if model.backbone is not None:
        return model  # an architecture that is always frozen
    if freeze == BACKBONE:
        return _head_alone(model, name, image_shape, classes)
    blocks = blocks_of(model)
    if int(freeze) >= len(blocks):
        rule = f"{name} has {len(blocks)} blocks, of which the last must be trained"
        raise FreezeError(f"parameters.freeze: {rule}, got {freeze}")
    names = {parameter for block in blocks[: int(freeze)] for parameter in block}
    for parameter_name, parameter in model.named_parameters():
        if parameter_name in names:
            parameter.requires_grad_(False)
    owners = {parameter_name.rpartition(".")[0] for parameter_name in names}
    model.frozen_parts = tuple(model.get_submodule(owner) for owner in sorted(owners))
    return model.train(model.training)


def _head_alone(model: Classifier, name: str, image_shape: ImageShape, classes: int) -> Classifier:
    linears = [n for n, m in model.named_modules() if _is_head(m, classes)]
    rule = f"{name} does not end with a linear layer of {classes} outputs; freeze its blocks"
    error = FreezeError(f"parameters.freeze: {rule} (freeze: N) instead, got {BACKBONE}")
    if not linears:
        raise error
    channels, height, width = image_shape
    noise = torch.randn((2, channels, height, width), generator=torch.Generator().manual_seed(0))
    whole, before = model.eval(), _logits(model, noise)
    head = whole.get_submodule(linears[-1])
    whole.set_submodule(linears[-1], nn.Identity())
    divided = Classifier(OrderedDict(head=head), backbone=FrozenBackbone(whole, gray_as_rgb=False))
    after = _logits(divided, noise)
    if after is None or before is None or after.shape != before.shape:
        raise error
    if not torch.allclose(after, before, rtol=0, atol=CLOSE * float(before.abs().max())):
        raise error
    return divided.train()


def _is_head(module: nn.Module, classes: int) -> bool:
    return isinstance(module, nn.Linear) and module.out_features == classes


@torch.no_grad()
def _logits(model: nn.Module, images: torch.Tensor) -> torch.Tensor | None:
    """Logits without a change of the random state; None if what comes is no matrix of them."""
    with torch.random.fork_rng(devices=[]):
        try:
            logits = model(images)
        except RuntimeError:  # features of another form than the last layer takes
            return None
    return logits if isinstance(logits, torch.Tensor) and logits.ndim == 2 else None
