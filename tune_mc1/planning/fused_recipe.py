"""Which training recipes a group of trials can follow together."""

from tune_mc1.config.losses import find_loss
from tune_mc1.config.trial import TrialConfig


def recipe_reason(config: TrialConfig) -> str | None:
    """Why a trial's recipe keeps it from being part of a group; None if it does not."""
    if config.freeze is not None:
        return "a network that is frozen in part has no fused form"
    if config.precision == "16-mixed":
        return "each trial scales its own loss for precision 16-mixed"
    if config.torch_compile:
        return "torch_compile compiles the network of one trial"
    if not find_loss(config.loss_function).grouped:
        return f"loss_function {config.loss_function} has no fused form"
    return None
