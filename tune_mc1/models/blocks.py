"""Blocks of a network in order: what `freeze` counts, and `layer_decay` tells apart."""

from collections.abc import Iterator
from typing import Any

from torch import nn


def blocks_of(network: nn.Module) -> list[list[str]]:
    """Names of the parameters of each block of a network, from the images to the logits.

    Networks of timm say themselves what their blocks are. Of others, the members of sequences are
    blocks, and any other part that has parameters is one; norms belong to the block before them.

    Args:
        network: The network.
    """
    prefix, root = "", network
    while not list(root.parameters(recurse=False)) and not hasattr(root, "group_matcher"):
        children = [child for child in root.named_children() if _has_parameters(child[1])]
        if len(children) != 1:
            break
        name, root = children[0]
        prefix = f"{prefix}{name}."
    matcher: Any = getattr(root, "group_matcher", None)
    if matcher is not None:
        from timm.models import group_parameters

        found = group_parameters(root, matcher(coarse=False))
        return [[f"{prefix}{name}" for name in found[layer]] for layer in sorted(found)]
    blocks: list[list[str]] = []
    own = [f"{prefix}{name}" for name, _ in root.named_parameters(recurse=False)]
    for name, part in _parts(root):
        names = [f"{prefix}{name}.{parameter}" for parameter, _ in part.named_parameters()]
        if blocks and all(parameter.ndim <= 1 for parameter in part.parameters()):
            blocks[-1] += names
        else:
            blocks.append(names)
    return [own + blocks[0], *blocks[1:]] if blocks else [own]


def _has_parameters(module: nn.Module) -> bool:
    return next(module.parameters(), None) is not None


def _parts(module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    for name, child in module.named_children():
        if isinstance(child, nn.Sequential | nn.ModuleList):
            yield from ((f"{name}.{inner}", part) for inner, part in _parts(child))
        elif _has_parameters(child):
            yield name, child


def rate_scales(blocks: list[list[str]], layer_decay: float) -> dict[str, float]:
    """Factor of the learning rate of each parameter by name, as in timm.

    Args:
        blocks: Of `blocks_of`.
        layer_decay: Factor from each block to the one before it.
    """
    last = len(blocks) - 1
    return {name: layer_decay ** (last - i) for i, block in enumerate(blocks) for name in block}
