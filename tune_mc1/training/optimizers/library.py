"""Optimisers of PyTorch and timm by name, with the settings that they take."""

from typing import Any

from torch.optim import Optimizer

from tune_mc1.config.optimizers import OPTIMIZERS
from tune_mc1.config.recipe.number_list import numbers_in
from tune_mc1.config.trial import TrialConfig
from tune_mc1.registry import resolve

SETTINGS = ("weight_decay", "momentum", "nesterov", "eps", "alpha")
"""Trial parameters that optimisers have under the same name."""


def settings_of(config: TrialConfig) -> dict[str, Any]:
    """Settings that a trial gives to its optimiser, without those left to the optimiser."""
    takes = OPTIMIZERS[config.optimizer].takes
    given: dict[str, Any] = {name: getattr(config, name) for name in SETTINGS if name in takes}
    if "betas" in takes and config.betas is not None:
        given["betas"] = numbers_in(config.betas)
    return {"lr": config.learning_rate, **{n: v for n, v in given.items() if v is not None}}


def make_optimizer_of(config: TrialConfig, parameters: list[Any]) -> Optimizer:
    """The optimiser of a library that a trial names.

    Args:
        config: The trial's parameters.
        parameters: Parameters, or groups of them with settings of their own.
    """
    made: Optimizer = resolve(OPTIMIZERS[config.optimizer].of)(parameters, **settings_of(config))
    return made
