"""Learning-rate schedules: one file each, found by the name that `lr_schedule` has."""

from typing import TYPE_CHECKING, Protocol

from tune_mc1.registry import Registry

if TYPE_CHECKING:
    from tune_mc1.config.trial import TrialConfig

CONSTANT = "constant"
"""The schedule of trials that name none: it leaves the learning rate as it is."""


class LRSchedule(Protocol):
    """A schedule: a pure function, so that a trial that goes on has the rates it would have had."""

    def __call__(self, step: int, total_steps: int, config: "TrialConfig", /) -> float:
        """The part of `learning_rate` that an optimiser step is done with.

        Args:
            step: Of the trial, from 0.
            total_steps: Steps of all epochs of the trial, at least 1.
            config: The trial's parameters.

        Returns:
            A finite number, at least 0.
        """


LR_SCHEDULES: Registry[LRSchedule] = Registry("lr_schedule", folder=__name__)


def rate_varies(config: "TrialConfig") -> bool:
    """Whether a trial's learning rate may change from step to step."""
    return config.lr_schedule != CONSTANT


def factor_at(config: "TrialConfig", step: int, total_steps: int) -> float:
    """The part of a trial's learning rate that an optimiser step is done with.

    Args:
        config: The trial's parameters.
        step: Of the trial, from 0.
        total_steps: Steps of all its epochs.
    """
    return LR_SCHEDULES[config.lr_schedule](step, total_steps, config)
