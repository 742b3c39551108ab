"""Searcher that has no more trials once the sweep ends."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from ray.tune.search import Searcher

from tune_mc1.running.early_end import EarlyEnd
from tune_mc1.running.search.queue import QueueSearcher, Regroup, Spec


class UntilTheEnd(QueueSearcher):
    """A searcher that has no more trials once the sweep ends.

    Args:
        search: The sweep's own.
        end: Says when it ends.
        starting: Called before each trial or group that starts.
    """

    def __init__(
        self,
        search: QueueSearcher,
        end: EarlyEnd,
        starting: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__()
        self.inner, self._end, self._starting = search, end, starting

    @property
    def next_size(self) -> int:
        """Number of trials of the next group, as far as it is known."""
        size: int = getattr(self.inner, "next_size", 1)
        return size

    def suggest(self, trial_id: str) -> Any:
        """The next trial or group, if there is one and it may start; else a part of it."""
        room = self._end.room()
        if not room:
            return Searcher.FINISHED
        suggestion = self.inner.suggest(trial_id)
        if not isinstance(suggestion, dict):
            return suggestion
        group = suggestion["trials"]
        if len(group) > room:
            group, rest = group[: int(room)], group[int(room) :]
            self.inner.give_back(rest)
        self._starting()
        self._end.starts([trial["id"] for trial in group])
        return {**suggestion, "trials": group}

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
