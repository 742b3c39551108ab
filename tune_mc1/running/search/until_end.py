"""Searcher that has no more trials once the sweep ends."""

from collections.abc import Collection, Sequence
from typing import Any

from ray.tune.search import Searcher

from tune_mc1.running.early_end import EarlyEnd
from tune_mc1.running.search.queue import QueueSearcher, Regroup, Spec


class UntilTheEnd(QueueSearcher):
    """A searcher that has no more trials once the sweep ends.

    Args:
        search: The sweep's own.
        end: Says when it ends.
    """

    def __init__(self, search: QueueSearcher, end: EarlyEnd) -> None:
        super().__init__()
        self.inner, self._end = search, end

    @property
    def next_size(self) -> int:
        """Number of trials of the next group, as far as it is known."""
        size: int = getattr(self.inner, "next_size", 1)
        return size

    def suggest(self, trial_id: str) -> Any:
        """The next trial or group, if there is one and it may start."""
        if not self._end.may_start(self.next_size):
            return Searcher.FINISHED
        suggestion = self.inner.suggest(trial_id)
        if isinstance(suggestion, dict):
            self._end.starts([trial["id"] for trial in suggestion["trials"]])
        return suggestion

    def give_back(self, group: Sequence[Spec]) -> None:
        """Takes back a group that has not started."""
        self._end.gives_back([spec["id"] for spec in group])
        self.inner.give_back(group)

    def take_out(self, trials: Collection[str]) -> None:
        """Passed on."""
        self.inner.take_out(trials)

    def regroup(self, regroup: Regroup) -> None:
        """Passed on."""
        self.inner.regroup(regroup)

    def has_more(self) -> bool:
        """True if further trials will come, as long as the sweep goes on."""
        return self._end.reason is None and self.inner.has_more()

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Passed on."""
        self.inner.on_trial_result(trial_id, result)

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Passed on."""
        self.inner.on_trial_complete(trial_id, result, error)
