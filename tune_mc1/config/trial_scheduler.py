"""Trial schedulers: which trials stop early, decided without Ray, files or clocks."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Generic, Protocol, TypeVar


class Decided(Protocol):
    """What every decision says."""

    @property
    def trial(self) -> str:
        """Id of the trial."""

    @property
    def stop(self) -> bool:
        """Whether the trial stops here."""


@dataclass(frozen=True)
class Decision:
    """What a scheduler made of a trial's score after an epoch.

    Attributes:
        trial: Id of the trial.
        epoch: Epochs completed.
        score: The metric, turned so that higher is better; None if missing or not finite.
        stop: Whether the trial stops here.
    """

    trial: str
    epoch: int
    score: float | None
    stop: bool


D = TypeVar("D", bound=Decided)


class TrialScheduler(ABC, Generic[D]):
    """Decides after each epoch of each trial. All that it remembers is in its decisions.

    Decisions are written to the journal as they are made; a sweep that goes on restores them. A
    trial that goes on reports its last epoch again, so an epoch that is known gets no new decision.
    """

    @abstractmethod
    def decide(self, trial: str, epoch: int, score: float | None) -> D | None:
        """Takes a trial's score after an epoch.

        Args:
            trial: Id of the trial.
            epoch: Epochs completed, from 1.
            score: Its metric, turned so that higher is better; None or non-finite is the worst.

        Returns:
            What was decided and has to be remembered; None if there is nothing of either.
        """

    def forfeit(self, trial: str, epoch: int) -> D | None:
        """Takes note that a trial broke off in an epoch, from 1. It does not run on."""
        return None

    @abstractmethod
    def restore(self, decisions: Iterable[D]) -> None:
        """Takes in decisions of an earlier run, in the order in which they were made."""

    @abstractmethod
    def to_event(self, decision: D) -> Mapping[str, Any]:
        """A decision as an event of the journal, named `decision` or `rung`: plain JSON."""

    @abstractmethod
    def from_event(self, event: Mapping[str, Any]) -> D:
        """Inverse of `to_event`.

        Raises:
            KeyError: If the event lacks a field.
        """


class EpochScheduler(TrialScheduler[Decision]):
    """A scheduler that decides by scores alone: `Decision` says all that it remembers."""

    def __init__(self) -> None:
        self.scores: dict[str, dict[int, float]] = {}
        """Scores of each trial by epoch, higher is better; -inf if missing or not finite."""

    @abstractmethod
    def stops(self, trial: str, epoch: int) -> bool:
        """Whether a trial stops after an epoch, whose score `scores` has already."""

    def decide(self, trial: str, epoch: int, score: float | None) -> Decision | None:
        """Notes the score of a new epoch, and asks `stops`."""
        if epoch in self.scores.get(trial, ()):
            return None
        finite = score if score is not None and math.isfinite(score) else None
        self.restore([Decision(trial, epoch, finite, stop=False)])
        return Decision(trial, epoch, finite, self.stops(trial, epoch))

    def restore(self, decisions: Iterable[Decision]) -> None:
        """Notes the scores."""
        for one in decisions:
            score = -math.inf if one.score is None else one.score
            self.scores.setdefault(one.trial, {})[one.epoch] = score

    def to_event(self, decision: Decision) -> dict[str, Any]:
        """Event `decision`, with the decision's fields."""
        return {"event": "decision", **asdict(decision)}

    def from_event(self, event: Mapping[str, Any]) -> Decision:
        """The decision of an event."""
        return Decision(**{field.name: event[field.name] for field in fields(Decision)})
