"""`hyperband`: early stopping by the rules of W&B's own engine.

Source: the package `sweeps` 0.3.0, after Li et al. 2018 (arXiv 1603.06560). Unlike there, a score
that is missing or not finite counts as the worst, and is an iteration like others.
"""

import math
from bisect import bisect
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from tune_mc1.config.early_terminate import register_early_terminate
from tune_mc1.config.field_types import Int
from tune_mc1.config.stop_reason import StopReason
from tune_mc1.config.trial_scheduler import EpochScheduler, TrialScheduler
from tune_mc1.planning.rungs import Rungs
from tune_mc1.planning.schedulers.asha import Halving


@register_early_terminate("hyperband")
class Hyperband(Halving):
    """W&B's early stopping; its bands are the rungs of `asha`.

    A trial is judged after every epoch from a band on, against all trials that have passed the
    band by then, of which `int(n / eta) + 1` of n go on. In `asha` it is judged once a rung,
    against those that came before.

    Attributes:
        type: `hyperband`.
        strict: Whether a trial is judged by its score at the band, rather than by its best so far.
        brackets: Number of brackets; if given, the rules are those of `asha`, as they were for
            sweeps that an earlier version began.
    """

    type: Literal["hyperband"]
    strict: bool = True
    brackets: Int | None = Field(default=None, ge=1, le=20)

    def brackets_of(self, longest: int) -> list[tuple[int, ...]]:
        """Rungs of each bracket (`rung_epochs`)."""
        return [self.rung_epochs(longest, bracket) for bracket in range(self.brackets or 1)]

    def scheduler(self, longest: int) -> TrialScheduler[Any]:
        """Builds a scheduler without scores."""
        if self.brackets is not None:
            return Rungs(self.brackets_of(longest), self.eta)
        return BandScheduler(self.rung_epochs(longest), self.eta, self.strict)

    @property
    def fixes_epochs(self) -> str | None:
        """As in `asha`."""
        return "it is fixed with several brackets" if (self.brackets or 1) > 1 else None


class BandScheduler(EpochScheduler):
    """W&B's rules of early stopping.

    Args:
        bands: Epochs at which trials are compared, ascending.
        eta: Reduction factor, greater than 1.
        strict: As in `Hyperband`.
    """

    def __init__(self, bands: Sequence[int], eta: float, strict: bool) -> None:
        super().__init__()
        self.bands, self.eta, self.strict = bands, eta, strict

    def stops(self, trial: str, epoch: int) -> bool:
        """True if a trial is worse than those that go on from the last band that it has passed."""
        if not bisect(self.bands, epoch):
            return False
        _, judged, threshold, _ = self._compared(trial, epoch)
        return judged == -math.inf or judged < threshold

    def why(self, trial: str, epoch: int) -> StopReason:
        """The comparison at the last band that the trial has passed."""
        band, judged, threshold, trials = self._compared(trial, epoch)
        score, limit = (x if x > -math.inf else None for x in (judged, threshold))
        return StopReason(epoch, band, score, limit, "best_share", trials, self.eta)

    def _compared(self, trial: str, epoch: int) -> tuple[int, float, float, int]:
        """Last band that a trial has passed, its score, the one it needs, and of how many."""
        band = self.bands[bisect(self.bands, epoch) - 1]
        at_band = sorted((s[band] for s in self.scores.values() if band in s), reverse=True)
        threshold = at_band[int(1 / self.eta * len(at_band))]
        own: Mapping[int, float] = self.scores[trial]
        judged = own[band] if self.strict else max(own.values())
        return band, judged, threshold, len(at_band)
