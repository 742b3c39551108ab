"""Augmentations by name, and the parameter `augment` that names them."""

from typing import TYPE_CHECKING, Any, Protocol

from tune_mc1.errors import did_you_mean
from tune_mc1.registry import Registry

if TYPE_CHECKING:
    from torch import Tensor

NONE = "none"
"""Value of `augment` that leaves images as they are."""


class Augment(Protocol):
    """Changes the training images of one trial, or of several that share all of their images.

    What becomes of an image may depend on nothing but the image, its index, the trial's seed and
    the epoch (`tune_mc1.seeding.uniform` draws such numbers). So a trial has the same numbers
    alone, in a group, in batches of another size, and after it was resumed.
    """

    def __call__(
        self, images: "Tensor", labels: "Tensor", indices: "Tensor", seed: int, epoch: int
    ) -> "tuple[Tensor, Tensor]":
        """Augments a batch.

        Args:
            images: float32 (n, channels, height, width) in [-1, 1], on the trial's device; not to
                be written to.
            labels: int64 (n,).
            indices: int64 (n,), on the same device: each image's position in the training images.
            seed: The trial's seed.
            epoch: The epoch, from 0.

        Returns:
            Images and labels in the same shapes and types.
        """


AUGMENTATIONS: Registry[Augment] = Registry("augmentation", "tune_mc1.training.augmentations")
"""Augmentations by name. Their modules import torch inside functions only, as names are checked
where there is no torch."""


def augmentation_names(value: Any) -> Any:
    """Checks a value of `augment`.

    Args:
        value: `none`, a name, or names joined by `+`, which are applied in that order.

    Returns:
        The value, without blanks.

    Raises:
        ValueError: If a name is unknown, or stands there more than once.
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
    """The augmentations that a value of `augment` names, in their order; empty for `none`."""
    return {} if value == NONE else {name: AUGMENTATIONS[name] for name in value.split("+")}
