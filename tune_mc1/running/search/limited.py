"""Searcher of which at most so many trials run at a time; their number can change."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from tune_mc1.running.search.queue import QueueSearcher, Regroup, Spec
from tune_mc1.running.search.until_end import UntilTheEnd


class LimitedTrials(QueueSearcher):
    """Gives no further group while as many trials as may are waiting for resources or running.

    Each trial of a group counts until it has ended.

    Args:
        search: The sweep's own.
        most: Maximum number of trials at a time; None for no limit.
        has_ended: Whether a trial runs no longer, by its id.

    Attributes:
        most: The maximum number.
        least: Number of trials for which there must be room before the search is asked; one that
            learns suggests several at once, and would else be asked before it knows enough.
        places: Number of groups that resources are there for. Where fewer run, the next one is
            divided if it is larger than the room that the limit leaves, so that no core idles.
        live: Ids of the trials in each of Ray's trials that has been suggested and not ended.
    """

    def __init__(
        self, search: UntilTheEnd, most: int | None, has_ended: Callable[[str], bool]
    ) -> None:
        super().__init__()
        self.inner, self.most, self.least, self.places = search, most, 1, 1
        self.live: dict[str, list[str]] = {}
        self._has_ended = has_ended

    @property
    def count(self) -> int:
        """Number of trials that wait for resources or run; a group's process is at least one."""
        groups = [[t for t in ids if not self._has_ended(t)] for ids in self.live.values()]
        return len({trial for group in groups for trial in group}) + groups.count([])

    @property
    def excess(self) -> int:
        """Number of trials beyond the limit."""
        return 0 if self.most is None else max(0, self.count - self.most)

    def suggest(self, trial_id: str) -> Any:
        """The next group; None if there is no room.

        A group that is larger than the limit, as it was formed before, is divided; so is one for
        which there is less room, where resources are free.
        """
        room = None if self.most is None else self.most - self.count
        divides = not self.live or len(self.live) < self.places
        if room is not None and self.live:
            least = self.least if divides else max(self.least, self.inner.next_size)
            if room < least:
                return None
        suggestion = self.inner.suggest(trial_id)
        if not isinstance(suggestion, dict):
            return suggestion
        group = suggestion["trials"]
        if room is not None and len(group) > room:
            if not divides:
                self.withdraw(trial_id, group)
                return None
            group, rest = group[:room], group[room:]
            self.give_back(rest)
        self.live[trial_id] = [spec["id"] for spec in group]
        return {**suggestion, "trials": group}

    def withdraw(self, trial_id: str, group: Sequence[Spec]) -> None:
        """Takes back what was suggested as one of Ray's trials, which ends with nothing to run.

        Args:
            trial_id: Ray's id.
            group: Those of its trials that are to come again.
        """
        self.on_trial_complete(trial_id)
        if group:
            self.give_back(group)

    def give_back(self, group: Sequence[Spec]) -> None:
        """Passed on."""
        self.inner.give_back(group)

    def take_out(self, trials: Collection[str]) -> None:
        """Passed on."""
        self.inner.take_out(trials)

    def regroup(self, regroup: Regroup) -> None:
        """Passed on."""
        self.inner.regroup(regroup)

    def has_more(self) -> bool:
        """Passed on."""
        return self.inner.has_more()

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Passed on."""
        self.inner.on_trial_result(trial_id, result)

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Makes room for another group."""
        self.live.pop(trial_id, None)
        self.inner.on_trial_complete(trial_id, result, error)
