"""Why a trial scheduler stopped a trial, or lets it pause; independent of words and of Ray."""

from dataclasses import dataclass
from typing import Literal

Rule = Literal["best_share", "median"]
"""Comparisons for which `tune_mc1.planning.stop_reasons` has words."""


@dataclass(frozen=True)
class StopReason:
    """Why a trial was stopped or pauses, and against what.

    Attributes:
        epoch: Epochs that it had completed.
        at: Epoch at which scores were compared.
        score: What was compared, negated if necessary so that higher is better; None if it was
            missing or not finite.
        limit: Score that it would have needed; None if there is none yet.
        rule: The comparison: `best_share` with the worst of the best `1 / share` trials, `median`
            of its best score with the median of the other trials' mean scores.
        trials: Number of trials with which it was compared.
        share: With `best_share`: one trial in so many goes on; else 0.
    """

    epoch: int
    at: int
    score: float | None
    limit: float | None
    rule: Rule
    trials: int
    share: float = 0.0
