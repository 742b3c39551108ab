"""Searcher of which at most so many trials run at a time; their number can change."""

from collections.abc import Collection, Sequence
from typing import Any

from tune_mc1.running.search.queue import QueueSearcher, Spec


class LimitedTrials(QueueSearcher):
    """Gives no further group while as many as may are waiting for resources or running.

    Args:
        search: The sweep's own.
        most: Maximum number of trials at a time; None for no limit.
        largest: Number of trials of the largest group, each of which counts as that many.

    Attributes:
        most: The maximum number.
        live: Ids of Ray's trials that have been suggested and not ended, in their order.
    """

    def __init__(self, search: QueueSearcher, most: int | None, largest: int) -> None:
        super().__init__()
        self.inner, self.most, self.largest = search, most, largest
        self.live: dict[str, None] = {}

    @property
    def groups(self) -> int | None:
        """Maximum number of groups at a time; None for no limit."""
        return None if self.most is None else max(1, self.most // self.largest)

    @property
    def excess(self) -> int:
        """Number of groups beyond the limit."""
        return 0 if self.groups is None else max(0, len(self.live) - self.groups)

    def suggest(self, trial_id: str) -> Any:
        """The next group; None if there is no room."""
        if self.groups is not None and len(self.live) >= self.groups:
            return None
        suggestion = self.inner.suggest(trial_id)
        if isinstance(suggestion, dict):
            self.live[trial_id] = None
        return suggestion

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
