"""Searcher that hands out a fixed plan."""

from collections.abc import Sequence
from typing import Any

from ray.tune.search import Searcher

from tune_mc1.config.program_trial import AnyTrial
from tune_mc1.running.callbacks.driver_only import DriverOnly


class PlannedTrials(DriverOnly, Searcher):
    """Gives Ray Tune the groups of a plan, one after the other.

    Args:
        groups: The plan, in starting order; most groups hold one trial.
    """

    def __init__(self, groups: Sequence[Sequence[AnyTrial]]) -> None:
        super().__init__()
        self._waiting = list(reversed(groups))

    @property
    def next_size(self) -> int:
        """Number of trials of the next group; 0 without one."""
        return len(self._waiting[-1]) if self._waiting else 0

    def suggest(self, trial_id: str) -> Any:
        """The next group of the plan."""
        if not self._waiting:
            return Searcher.FINISHED
        return {"trials": [trial.model_dump() for trial in self._waiting.pop()]}

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Ignored: a plan does not depend on results."""
