"""Linear decay."""

from typing import TYPE_CHECKING

from tune_mc1.config.lr_schedules import LR_SCHEDULES, Schedule

if TYPE_CHECKING:
    from tune_mc1.config.trial import TrialConfig


def linear(step: int, total_steps: int, config: "TrialConfig") -> float:
    """A ramp from 1 to `end_factor` (`torch.optim.lr_scheduler.LinearLR`).

    After a warm-up the rate is a triangle.
    """
    return 1 + (config.end_factor - 1) * step / total_steps


LR_SCHEDULES.register("linear", Schedule(linear, takes=("end_factor",)))
