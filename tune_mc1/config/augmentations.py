"""Registry of augmentations, and validation of the trial parameter `augment`."""

from typing import TYPE_CHECKING, Any, Protocol

from tune_mc1.errors import did_you_mean
from tune_mc1.registry import Registry

if TYPE_CHECKING:
    from torch import Tensor

NONE = "none"
"""Value of `augment` that leaves images unchanged."""


class Augment(Protocol):
    """Transforms the training images of one trial, or of several that share all their images.

    The result for an image may depend only on the image, its index, the trial's seed and the epoch
    (`tune_mc1.seeding.uniform` draws such numbers). The numbers of a trial are then the same alone,
    in a group, with another batch size, and after being resumed.
    """

    def __call__(
        self, images: "Tensor", labels: "Tensor", indices: "Tensor", seed: int, epoch: int
    ) -> "tuple[Tensor, Tensor]":
        """Augments a batch.

        Args:
            images: float32 (n, channels, height, width) in [-1, 1], on the trial's device; must not
                be modified in place.
            labels: int64 (n,).
            indices: int64 (n,), on the same device: position of each image in the training images.
            seed: The trial's seed.
            epoch: The epoch, from 0.

        Returns:
            Images and labels of the same shapes and types.
        """


AUGMENTATIONS: Registry[Augment] = Registry("augmentation", "tune_mc1.training.augmentations")
"""Augmentations by name. Their modules import torch only inside functions, because names are also
validated without torch."""


def augmentation_names(value: Any) -> Any:
    """Validates a value of `augment`.

    Args:
        value: `none`, a name, or names joined by `+`, which are applied in that order.

    Returns:
        The value without spaces.

    Raises:
        ValueError: If a name is unknown or repeated.
    """
    names = [name.strip() for name in value.split("+")] if isinstance(value, str) else [value]
    if names == [NONE]:
        return NONE
    for name in names:
        if not isinstance(name, str) or name not in AUGMENTATIONS:  # a list is no key
            known = [NONE, *AUGMENTATIONS]
            hint = did_you_mean(name, known) if isinstance(name, str) else ""
            raise ValueError(f"must be one of {', '.join(known)}, or several joined by +{hint}")
    if len(set(names)) < len(names):
        raise ValueError("must name each augmentation once")
    return "+".join(names)


def find_augmentations(value: str) -> dict[str, Augment]:
    """Looks up the augmentations in a value of `augment`, in order; empty for `none`."""
    return {} if value == NONE else {name: AUGMENTATIONS[name] for name in value.split("+")}
