"""What a sweep has spent so far: time, epochs and cost, from the events of its journal."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_RUNNING = frozenset({"epoch", "end", "retry", "pause"})
"""Events that show that trials have run until then."""


@dataclass
class Spent:
    """What a sweep has spent, over all times that it ran.

    A run lasts from the start of its first trial to the last event of a trial, so neither what
    comes before nor the time after a crash counts.

    Attributes:
        epochs: Epochs that its trials have run; one that ran again counts once, one that a
            replaced trial of a population went without does not.
        before: Seconds of earlier runs.
        paid: Cost of earlier runs.
        price: Price of an hour of this run; 0 if it is not known.
        began: Start of this run's first trial, in seconds since 1970; None before.
        last: Last event of a trial in this run, in seconds since 1970.
    """

    epochs: int = 0
    before: float = 0.0
    paid: float = 0.0
    price: float = 0.0
    began: float | None = None
    last: float = 0.0
    _known: dict[str, set[int]] = field(default_factory=dict)

    def take(self, event: Mapping[str, Any]) -> None:
        """Takes in an event of the journal."""
        kind, time = event["event"], event.get("time", self.last)
        if kind == "resume":
            self._close()
        elif kind == "price":
            self.price = event["an_hour"] or 0.0
        elif kind == "start":
            self.began = time if self.began is None else self.began
            self.last = max(self.last, time)
        elif kind in _RUNNING and self.began is not None:
            self.last = max(self.last, time)
        if kind == "epoch":
            known = self._known.setdefault(event["trial"], set())
            self.epochs += event["epoch"] not in known
            known.add(event["epoch"])

    def take_all(self, events: Iterable[Mapping[str, Any]]) -> "Spent":
        """Takes in events in order; returns itself."""
        for event in events:
            self.take(event)
        return self

    def has(self, trial: str, epoch: int) -> bool:
        """True if an epoch of a trial is counted."""
        return epoch in self._known.get(trial, ())

    def seconds(self, now: float | None = None) -> float:
        """Seconds of all runs.

        Args:
            now: The present time in seconds since 1970; None for the last event.
        """
        return self.before + self._of_this_run(now)

    def cost(self, now: float | None = None) -> float:
        """Cost of all runs, in the currency of the price; see `seconds`."""
        return self.paid + self._of_this_run(now) / 3600 * self.price

    def _of_this_run(self, now: float | None) -> float:
        if self.began is None:
            return 0.0
        return max(0.0, (self.last if now is None else max(now, self.last)) - self.began)

    def _close(self) -> None:
        self.before, self.paid = self.seconds(), self.cost()
        self.began, self.last = None, 0.0
