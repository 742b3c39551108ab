"""The trial scheduler of a sweep that stops no trial early."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from tune_mc1.config.trial_scheduler import Decision, TrialScheduler


class NoStopping(TrialScheduler[Decision]):
    """Lets all trials run to their end."""

    def decide(self, trial: str, epoch: int, score: float | None) -> None:
        """Lets the trial continue."""

    def decides_at(self, trial: str) -> Collection[int]:
        """Never."""
        return ()

    def restore(self, decisions: Iterable[Decision]) -> None:
        """Nothing to restore."""

    def to_event(self, decision: Decision) -> Mapping[str, Any]:
        """There are none."""
        raise NotImplementedError

    def from_event(self, event: Mapping[str, Any]) -> Decision:
        """There are none."""
        raise NotImplementedError
