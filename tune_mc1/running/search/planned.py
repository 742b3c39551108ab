"""Searcher that hands out a fixed plan."""

from collections.abc import Collection, Sequence
from typing import Any

from ray.tune.search import Searcher

from tune_mc1.config.program_trial import AnyTrial
from tune_mc1.running.search.queue import QueueSearcher, Regroup, Spec, trials_of, without


class PlannedTrials(QueueSearcher):
    """Gives Ray Tune the groups of a plan, one after the other.

    Args:
        groups: The plan, in starting order; most groups hold one trial.
    """

    def __init__(self, groups: Sequence[Sequence[AnyTrial]]) -> None:
        super().__init__()
        self._waiting: list[Sequence[AnyTrial]] = list(reversed(groups))

    @property
    def next_size(self) -> int:
        """Number of trials of the next group; 0 without one."""
        return len(self._waiting[-1]) if self._waiting else 0

    def suggest(self, trial_id: str) -> Any:
        """The next group of the plan."""
        if not self._waiting:
            return Searcher.FINISHED
        return {"trials": [trial.model_dump() for trial in self._waiting.pop()]}

    def add(self, groups: Sequence[Sequence[AnyTrial]]) -> None:
        """Adds groups at the end of the plan."""
        self._waiting[:0] = reversed(groups)

    def give_back(self, group: Sequence[Spec]) -> None:
        """Takes back a group that has not started."""
        self._waiting.append(trials_of(group))

    def take_out(self, trials: Collection[str]) -> None:
        """Removes trials from the plan."""
        self._waiting = without(self._waiting, trials)

    def regroup(self, regroup: Regroup) -> None:
        """Divides the rest of the plan into groups anew."""
        trials = [trial for group in reversed(self._waiting) for trial in group]
        self._waiting = list(reversed(regroup(trials)))

    def has_more(self) -> bool:
        """True if the plan has further groups."""
        return bool(self._waiting)

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Ignored: a plan does not depend on results."""
