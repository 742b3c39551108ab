"""Trials whose checkpoints were removed, from the events of a journal."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from tune_mc1.results.events import Event


@dataclass
class Removed:
    """Trials whose checkpoints were removed, and that have not got others since.

    Attributes:
        trials: Their ids.
    """

    trials: set[str] = field(default_factory=set)

    def take(self, event: Event) -> None:
        """Takes in an event of the journal."""
        if event["event"] == "removed":
            self.trials.add(event["trial"])
        elif event["event"] == "start":  # it runs again from its beginning
            self.trials.discard(event["trial"])
        elif event["event"] == "exchange":
            self.trials.difference_update(copy["trial"] for copy in event["copies"])

    def take_all(self, events: Iterable[Event]) -> "Removed":
        """Takes in events in order; returns itself."""
        for event in events:
            self.take(event)
        return self
