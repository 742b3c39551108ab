"""Learning-rate schedules: one file each, looked up by the trial parameter `lr_schedule`."""

from collections.abc import Callable
from dataclasses import dataclass
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
            step: Optimiser step of the schedule, from 0, less than `total_steps`.
            total_steps: Number of steps over which it extends, at least 1: those of
                `schedule_epochs`, by default of the trial, without the warm-up.
            config: The trial's parameters.

        Returns:
            A finite number, at least 0.
        """


@dataclass(frozen=True)
class Schedule:
    """A schedule with parameters of its own.

    Attributes:
        function: Computes the factor.
        takes: Trial parameters that it uses. A parameter that only others use is rejected unless it
            has its default value.
        counts_epochs: Whether its factor depends on the epoch alone, and not on how many there are.
            It then gets the trial's own step, counted from the start of the warm-up, and the number
            of steps of all its epochs.
    """

    function: Callable[[int, int, "TrialConfig"], float]
    takes: tuple[str, ...] = ()
    counts_epochs: bool = False

    def __call__(self, step: int, total_steps: int, config: "TrialConfig", /) -> float:
        """Returns the factor; see `LRSchedule`."""
        return self.function(step, total_steps, config)


LR_SCHEDULES: Registry[LRSchedule] = Registry("lr_schedule", folder=__name__)


def rate_varies(config: "TrialConfig") -> bool:
    """True if a trial's learning rate may change from step to step."""
    warms_up = bool(config.warmup_epochs or config.warmup_steps)
    return config.lr_schedule != CONSTANT or warms_up


def counts_epochs(name: str) -> bool:
    """True if the factors of a schedule stay the same when a trial gets more epochs."""
    return name == CONSTANT or getattr(LR_SCHEDULES[name], "counts_epochs", False)


def warmup_length(config: "TrialConfig", total_steps: int) -> int:
    """Number of optimiser steps of a trial's warm-up.

    Args:
        config: The trial's parameters.
        total_steps: Total number of steps of the trial.
    """
    return config.warmup_steps or round(config.warmup_epochs * total_steps / config.epochs)


def factor_at(config: "TrialConfig", step: int, total_steps: int) -> float:
    """Returns the factor of a trial's learning rate for an optimiser step.

    Args:
        config: The trial's parameters.
        step: Optimiser step of the trial, from 0.
        total_steps: Total number of steps of the trial.
    """
    schedule = LR_SCHEDULES[config.lr_schedule]
    warmup = warmup_length(config, total_steps)
    rise = 1.0
    if step < warmup:
        rise = config.start_factor + (1 - config.start_factor) * step / warmup
    if counts_epochs(config.lr_schedule):
        return rise * schedule(step, total_steps, config)
    epochs = config.schedule_epochs or config.epochs
    length = max(1, total_steps * epochs // config.epochs - warmup)
    return rise * schedule(min(max(0, step - warmup), length - 1), length, config)
