"""Whether a trial trains a network in part, and what that allows."""

from typing import TYPE_CHECKING

from tune_mc1.config.augmentations import NONE
from tune_mc1.config.recipe.fine_tuning import BACKBONE

if TYPE_CHECKING:
    from tune_mc1.config.trial import TrialConfig


def has_features(config: "TrialConfig") -> bool:
    """True if a trial's last layers train on features of a frozen backbone, computed once.

    Augmented and mixed images have other features in each step, and mirror images have their own.
    """
    frozen = config.freeze == BACKBONE or config.architecture.backbone is not None
    varies = config.augment != NONE or config.mixup_alpha or config.cutmix_alpha
    views = config.test_time_flip or config.test_time_translate
    return frozen and not varies and not views


def fine_tuning_problem(config: "TrialConfig") -> str | None:
    """Why a network cannot be trained in part as asked; None if it can."""
    freeze = config.freeze
    if config.architecture.backbone is not None and freeze not in (None, BACKBONE):
        return f"freeze: model {config.model} always has a frozen backbone, got {freeze}"
    if config.architecture.whitened and freeze == BACKBONE:
        rule = "whose first layer is made from the training images, is trained whole or by blocks"
        return f"freeze: model {config.model}, {rule}, got {freeze}"
    if config.layer_decay is not None and config.architecture.backbone is not None:
        rule = f"not valid with model {config.model}, which trains a single layer"
        return f"layer_decay: {rule}, got {config.layer_decay}"
    if config.layer_decay is not None and freeze == BACKBONE:
        rule = "not valid with freeze: backbone, which trains a single layer"
        return f"layer_decay: {rule}, got {config.layer_decay}"
    return None
