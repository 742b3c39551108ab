"""Constant learning rate."""

from typing import TYPE_CHECKING

from tune_mc1.config.lr_schedules import CONSTANT, LR_SCHEDULES

if TYPE_CHECKING:
    from tune_mc1.config.trial import TrialConfig


def constant(_step: int, _total_steps: int, _config: "TrialConfig") -> float:
    """Returns 1 at every step."""
    return 1.0


LR_SCHEDULES.register(CONSTANT, constant)
