"""The 1cycle policy (Smith and Topin 2018, arXiv 1708.07120)."""

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from tune_mc1.config.lr_schedules import LR_SCHEDULES, Schedule

if TYPE_CHECKING:
    from tune_mc1.config.trial import TrialConfig


def one_cycle(step: int, total_steps: int, config: "TrialConfig") -> float:
    """The learning rates of `torch.optim.lr_scheduler.OneCycleLR`, without its momentum.

    `learning_rate` is its maximum.
    """
    low = 1 / config.div_factor
    rise = config.pct_start * total_steps - 1
    corners = [(0.0, low), (rise, 1.0)]
    if config.three_phase:
        corners.append((2 * rise, low))
    corners.append((total_steps - 1.0, low / config.final_div_factor))
    for (begin, first), (end, last) in pairwise(corners):
        if step <= end and end > begin:
            return _between(first, last, (step - begin) / (end - begin), config.anneal_strategy)
    return corners[-1][1]


def _between(first: float, last: float, share: float, shape: str) -> float:
    if shape == "linear":
        return first + (last - first) * share
    return last + (first - last) * (1 + math.cos(math.pi * share)) / 2


LR_SCHEDULES.register(
    "one_cycle",
    Schedule(
        one_cycle,
        takes=("pct_start", "div_factor", "final_div_factor", "anneal_strategy", "three_phase"),
    ),
)
