"""Registry of augmentations, and validation of the trial parameter `augment`."""

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from tune_mc1.config.losses import find_loss
from tune_mc1.config.user_code import is_user_code
from tune_mc1.errors import did_you_mean
from tune_mc1.registry import Registry

if TYPE_CHECKING:
    from torch import Tensor

    from tune_mc1.config.trial import TrialConfig

NONE = "none"
"""Value of `augment` that leaves images unchanged."""


class Augment(Protocol):
    """Transforms the training images of one trial, or of several that share all their images.

    The result for an image may depend only on the image, its index, the trial's seed and the epoch
    (`tune_mc1.seeding.uniform` draws such numbers). The numbers of a trial are then the same alone,
    in a group, with another batch size, and after being resumed.

    It is called with five arguments, in this order:

    - `images`: float32 (n, channels, height, width) in [-1, 1], on the trial's device; must not be
      modified in place.
    - `labels`: int64 (n,).
    - `indices`: int64 (n,), on the same device: position of each image in the training images.
    - `seed`: The trial's seed.
    - `epoch`: The epoch, from 0.

    Keyword-only arguments are trial parameters of these names, which only make sense with it.
    """

    def __call__(self, *args: Any, **parameters: Any) -> "tuple[Tensor, Tensor]":
        """Augments a batch.

        Args:
            *args: The five.
            **parameters: The trial parameters that it takes.

        Returns:
            Images and labels of the same shapes and types.
        """


AUGMENTATIONS: Registry[Augment] = Registry("augmentation", "tune_mc1.training.augmentations")
"""Augmentations by name. Their modules import torch only inside functions, because names are also
validated without torch."""

ALIASES = {
    **dict.fromkeys(("hflip", "horizontalflip", "randomhorizontalflip"), "flip"),
    "randomcrop": "crop",
    "trivialaugmentwide": "trivial_augment",
}
"""Other names, in small letters without separators, and the standard name of each."""


def augmentation_names(value: Any) -> Any:
    """Validates a value of `augment`.

    Args:
        value: `none`, a name, or names joined by `+`, which are applied in that order. Names of
            torchvision's classes are read as ours.

    Returns:
        The value with standard names, without spaces.

    Raises:
        ValueError: If a name is unknown or repeated.
    """
    parts = value.split("+") if isinstance(value, str) else [""]
    names = [_standard(name.strip()) for name in parts]
    if names == [NONE]:
        return NONE
    for name in names:
        if name not in AUGMENTATIONS:
            raise ValueError(_rule(name))
    if len(set(names)) < len(names):
        raise ValueError("must name each augmentation once")
    return "+".join(names)


def _standard(name: str) -> str:
    """The standard name of an augmentation; the name itself if it is standard, or unknown."""
    if name == NONE or name in AUGMENTATIONS:
        return name
    letters = {known.replace("_", ""): known for known in AUGMENTATIONS}
    letters |= {alias: known for alias, known in ALIASES.items() if known in AUGMENTATIONS}
    return letters.get(name.lower().replace("_", "").replace("-", ""), name)


def _rule(name: str) -> str:
    known = [NONE, *AUGMENTATIONS]
    hint = did_you_mean(name, known)
    if name.lower() in ("mixup", "cutmix"):
        hint = f"; {name} is a parameter of its own, {name.lower()}_alpha"
    return f"must be one of {', '.join(known)}, or several joined by +{hint}"


def find_augmentations(value: str) -> dict[str, Augment]:
    """Looks up the augmentations in a value of `augment`, in order; empty for `none`."""
    return {} if value == NONE else {name: AUGMENTATIONS[name] for name in value.split("+")}


def parameters_of(name: str) -> tuple[str, ...]:
    """Trial parameters that an augmentation takes: its keyword-only arguments."""
    augment: Any = AUGMENTATIONS[name]
    return _keywords(augment)


@lru_cache
def _keywords(augment: Callable[..., Any]) -> tuple[str, ...]:
    parameters = inspect.signature(augment).parameters.values()
    return tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)


@lru_cache(maxsize=4)
def _takers(names: tuple[str, ...]) -> Mapping[str, Sequence[str]]:
    """Augmentations that take a parameter, by its name."""
    found: dict[str, list[str]] = {}
    for name in names:
        for parameter in parameters_of(name):
            found.setdefault(parameter, []).append(name)
    return found


def augmentation_problem(config: "TrialConfig") -> str | None:
    """Checks the parameters that belong to an augmentation, or to inputs that are images.

    Args:
        config: A trial's parameters.

    Returns:
        The problem of those that the sweep sets; None without one.
    """
    chosen = find_augmentations(config.augment)
    taken = {parameter for name in chosen for parameter in parameters_of(name)}
    takers_of = _takers(tuple(AUGMENTATIONS))
    for parameter in sorted(config.model_fields_set - taken):
        if takers := takers_of.get(parameter):
            value = getattr(config, parameter)
            return (
                f"{parameter}: only valid with augment {', '.join(takers)}, got {value} with "
                + (config.augment)
            )
    own_loss = is_user_code(config.loss_function)  # which planning imports and asks
    if not own_loss and not find_loss(config.loss_function).soft_labels:
        for parameter in ("mixup_alpha", "cutmix_alpha"):
            if value := getattr(config, parameter):
                rule = f"not valid with loss_function {config.loss_function}, which takes no "
                return f"{parameter}: {rule}probabilities as labels, got {value}"
    views = config.test_time_flip or config.test_time_translate
    if not (config.test_time_in_validation or views):
        return (
            "test_time_in_validation: only valid with test_time_flip or test_time_translate, got "
            "false without them"
        )
    if config.architecture.backbone is None:
        return None
    for parameter in ("mixup_alpha", "cutmix_alpha", "test_time_flip", "test_time_translate"):
        if value := getattr(config, parameter):
            rule = f"not valid with model {config.model}, whose frozen features are computed once"
            return f"{parameter}: {rule}, got {str(value).lower()}"
    return None


def augmentation_image_problem(config: "TrialConfig", size: tuple[int, int]) -> str | None:
    """Checks the parameters that depend on the size of the images; returns the problem, or None.

    Args:
        config: A trial's parameters.
        size: Height and width of the images that are augmented.
    """
    names, shown = find_augmentations(config.augment), f"images of {size[0]}x{size[1]}"
    if "crop" in names and config.crop_padding >= min(size):
        rule = f"must be less than the side of {shown}"
        return f"crop_padding: {rule}, got {config.crop_padding}"
    if "cutout" in names and config.cutout_size >= min(size):
        rule = f"must be less than the side of {shown}"
        return f"cutout_size: {rule}, got {config.cutout_size}"
    if config.test_time_translate >= min(size):
        rule = f"must be less than the side of {shown}"
        return f"test_time_translate: {rule}, got {config.test_time_translate}"
    return None


def augmentation_key(config: "TrialConfig") -> str:
    """Text that is equal for trials whose images are augmented in the same way, given the seed."""
    names = find_augmentations(config.augment)
    taken = [parameter for name in names for parameter in parameters_of(name)]
    values = {parameter: getattr(config, parameter) for parameter in taken}
    return f"{config.augment} {json.dumps(values)}" if values else config.augment
