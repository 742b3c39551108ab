"""Cosine annealing."""

import math
from typing import TYPE_CHECKING

from tune_mc1.config.lr_schedules import LR_SCHEDULES, Schedule

if TYPE_CHECKING:
    from tune_mc1.config.trial import TrialConfig


def cosine(step: int, total_steps: int, config: "TrialConfig") -> float:
    """Half a cosine from 1 to `end_factor` (`torch.optim.lr_scheduler.CosineAnnealingLR`)."""
    end = config.end_factor
    return end + (1 - end) * (1 + math.cos(math.pi * step / total_steps)) / 2


LR_SCHEDULES.register("cosine", Schedule(cosine, takes=("end_factor",)))
