"""A rate that falls in steps."""

from typing import TYPE_CHECKING

from tune_mc1.config.lr_schedules import LR_SCHEDULES, Schedule
from tune_mc1.config.recipe.number_list import numbers_in

if TYPE_CHECKING:
    from tune_mc1.config.trial import TrialConfig


def step_decay(step: int, total_steps: int, config: "TrialConfig") -> float:
    """`gamma` for each `step_size` epochs, or for each epoch of `milestones`, that have passed.

    As StepLR and MultiStepLR of `torch.optim.lr_scheduler`; epochs count from the start of the
    trial, including its warm-up.
    """
    per_epoch = total_steps / config.epochs
    if config.milestones is not None:
        passed = sum(step >= epoch * per_epoch for epoch in numbers_in(config.milestones))
    else:
        assert config.step_size is not None, "the trial is validated"
        passed = int(step // (config.step_size * per_epoch))
    return float(config.gamma**passed)


LR_SCHEDULES.register(
    "step",
    Schedule(step_decay, takes=("step_size", "milestones", "gamma"), counts_epochs=True),
)
