"""Whether the parameters of a trial fit its learning-rate schedule, and how far that gets."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tune_mc1.config.lr_schedules import LR_SCHEDULES, counts_epochs
from tune_mc1.config.recipe.number_list import numbers_in
from tune_mc1.config.takers import takers_of

if TYPE_CHECKING:
    from tune_mc1.config.trial import TrialConfig


def schedule_problem(config: "TrialConfig", given: dict[str, object]) -> str | None:
    """Why a trial's parameters do not fit its schedule; None if they do.

    Args:
        config: The trial's parameters.
        given: Those that differ from their default.
    """
    name = config.lr_schedule
    takers_by_name = takers_of(LR_SCHEDULES)
    for parameter, value in given.items():
        takers = takers_by_name.get(parameter, ())
        if takers and name not in takers:
            rule = f"only valid with lr_schedule {', '.join(takers)}"
            return f"{parameter}: {rule}, got {value} with {name}"
    if name == "step" and (config.step_size is None) == (config.milestones is None):
        return "lr_schedule: step needs step_size or milestones (one of them), got step"
    return _warmup_problem(config, given)


def _warmup_problem(config: "TrialConfig", given: dict[str, object]) -> str | None:
    if config.warmup_epochs and config.warmup_steps:
        rule = "must not be set beside warmup_epochs, which says the same in epochs"
        return f"warmup_steps: {rule}, got {config.warmup_steps}"
    if "start_factor" in given and not (config.warmup_epochs or config.warmup_steps):
        rule = "only valid with warmup_epochs or warmup_steps"
        return f"start_factor: {rule}, got {config.start_factor}"
    length = config.schedule_epochs or config.epochs
    if config.warmup_epochs and config.warmup_epochs >= length:
        whose = "schedule_epochs" if config.schedule_epochs else "epochs"
        rule = f"must be less than {whose} ({length}), as the schedule follows it"
        return f"warmup_epochs: {rule}, got {config.warmup_epochs:g}"
    return None


def warmup_steps_problem(config: "TrialConfig", total_steps: int) -> str | None:
    """Why a warm-up is as long as the schedule that is to follow it; None if it is not.

    Args:
        config: The trial's parameters.
        total_steps: Optimiser steps of all its epochs.
    """
    length = total_steps * (config.schedule_epochs or config.epochs) // config.epochs
    if config.warmup_steps < max(1, length):
        return None
    rule = f"must be less than the {length} steps of the schedule, which follows it"
    return f"warmup_steps: {rule}, got {config.warmup_steps}"


def schedule_notices(configs: Iterable["TrialConfig"]) -> list[str]:
    """Notices about schedules that extend beyond the trial, or end before it."""
    notices: dict[str, None] = {}
    for config in configs:
        length, epochs = config.schedule_epochs, config.epochs
        if length is not None and length != epochs and not counts_epochs(config.lr_schedule):
            what = (
                f"its trials end after {epochs} of them, before the rate is at its lowest"
                if length > epochs
                else f"epochs {length + 1} to {epochs} continue at its last rate"
            )
            name = config.lr_schedule
            notices[f"schedule_epochs: {name} extends over {length} epochs; {what}"] = None
        late = [m for m in numbers_in(config.milestones or "0") if m >= epochs]
        if late:
            listed = ", ".join(f"{m:g}" for m in late)
            notices[f"milestones: {listed} is not reached in {epochs} epochs"] = None
        if config.step_size is not None and config.step_size >= epochs:
            notices[f"step_size: {config.step_size:g} is not reached in {epochs} epochs"] = None
    return list(notices)
