"""Learning-rate schedules: one file each, looked up by the trial parameter `lr_schedule`."""

from typing import TYPE_CHECKING, Protocol

from tune_mc1.registry import Registry

if TYPE_CHECKING:
    from tune_mc1.config.trial import TrialConfig

CONSTANT = "constant"
"""The default schedule, which leaves the learning rate unchanged."""


class LRSchedule(Protocol):
    """A schedule; a pure function, so that a resumed trial continues with the same rates."""

    def __call__(self, step: int, total_steps: int, config: "TrialConfig", /) -> float:
        """Returns the factor of `learning_rate` for an optimiser step.

        Args:
            step: Optimiser step of the trial, from 0.
            total_steps: Total number of steps of the trial, at least 1.
            config: The trial's parameters.

        Returns:
            A finite number, at least 0.
        """


LR_SCHEDULES: Registry[LRSchedule] = Registry("lr_schedule", folder=__name__)


def rate_varies(config: "TrialConfig") -> bool:
    """True if a trial's learning rate may change from step to step."""
    return config.lr_schedule != CONSTANT


def factor_at(config: "TrialConfig", step: int, total_steps: int) -> float:
    """Returns the factor of a trial's learning rate for an optimiser step.

    Args:
        config: The trial's parameters.
        step: Optimiser step of the trial, from 0.
        total_steps: Total number of steps of the trial.
    """
    return LR_SCHEDULES[config.lr_schedule](step, total_steps, config)
