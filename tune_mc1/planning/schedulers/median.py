"""`median`: the median stopping rule."""

import math
from bisect import bisect_left, insort
from statistics import median
from typing import Literal

from pydantic import Field

from tune_mc1.config.early_terminate import EarlyTerminate, register_early_terminate
from tune_mc1.config.field_types import Int
from tune_mc1.config.problems import Problem
from tune_mc1.config.stop_reason import StopReason
from tune_mc1.config.trial_scheduler import EpochScheduler


@register_early_terminate("median")
class MedianStopping(EarlyTerminate):
    """Median stopping rule (Golovin et al. 2017), with the key names of Ray's `MedianStoppingRule`.

    A trial stops after an epoch if its best score so far is worse than the median of the other
    trials' mean scores up to that epoch.

    Attributes:
        type: `median`.
        grace_period: First epoch after which trials can stop; means leave out those before it.
        min_samples_required: Number of other trials that must have reached the epoch.
    """

    type: Literal["median"]
    grace_period: Int = Field(default=1, ge=1)
    min_samples_required: Int = Field(default=3, ge=1)

    def problem(self, longest: int) -> Problem | None:
        """Explains why no trial could be stopped; None if some could."""
        if self.grace_period < longest:
            return None
        rule = f"must be less than the epochs of the longest trial ({longest})"
        return Problem(("early_terminate", "grace_period"), rule, self.grace_period)

    def scheduler(self, longest: int) -> "MedianScheduler":
        """Builds a scheduler without scores."""
        return MedianScheduler(self.grace_period, self.min_samples_required)


class MedianScheduler(EpochScheduler):
    """The median stopping rule.

    Unlike in Ray Tune, no trial pauses while there are too few samples, and a trial without a
    finite score is worse than any median.

    Args:
        grace_period: As in `MedianStopping`.
        min_samples_required: As in `MedianStopping`.
    """

    def __init__(self, grace_period: int, min_samples_required: int) -> None:
        super().__init__()
        self.grace_period, self.min_samples = grace_period, min_samples_required
        self._sums: dict[str, float] = {}
        self._means: dict[int, list[float]] = {}
        """Finite mean scores up to each epoch of the trials that have reached it, ascending."""

    def stops(self, trial: str, epoch: int) -> bool:
        """True if a trial's best score is below the median."""
        if epoch < self.grace_period:
            return False
        others = self._others(trial, epoch)
        return len(others) >= self.min_samples and self._best(trial) < median(others)

    def why(self, trial: str, epoch: int) -> StopReason:
        """The comparison with the median."""
        others, best = self._others(trial, epoch), self._best(trial)
        score = best if best > -math.inf else None
        return StopReason(epoch, epoch, score, median(others), "median", len(others))

    def _best(self, trial: str) -> float:
        return max(self.scores[trial].values())

    def take_score(self, trial: str, epoch: int, score: float | None) -> None:
        """Records a score, and the mean scores of all trials at this epoch."""
        super().take_score(trial, epoch, score)
        if epoch >= self.grace_period:
            self._sums[trial] = self._sums.get(trial, 0.0) + self.scores[trial][epoch]
            if math.isfinite(mean := self._mean(trial)):
                insort(self._means.setdefault(epoch, []), mean)

    def _mean(self, trial: str) -> float:
        """Mean score of a trial so far, from the first epoch that counts."""
        return self._sums[trial] / sum(at >= self.grace_period for at in self.scores[trial])

    def _others(self, trial: str, epoch: int) -> list[float]:
        """Mean scores of the other trials up to an epoch that this one has just reached."""
        others = self._means.get(epoch, []).copy()
        if math.isfinite(own := self._mean(trial)):
            del others[bisect_left(others, own)]
        return others
