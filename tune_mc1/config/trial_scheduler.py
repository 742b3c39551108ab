"""Trial schedulers, which decide when trials stop early; independent of Ray, files and clocks."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Generic, Protocol, TypeVar


class Decided(Protocol):
    """Interface of all decisions."""

    @property
    def trial(self) -> str:
        """Id of the trial."""

    @property
    def stop(self) -> bool:
        """True if the trial stops here."""


@dataclass(frozen=True)
class Decision:
    """Decision of a scheduler about a trial after an epoch.

    Attributes:
        trial: Id of the trial.
        epoch: Epochs completed.
        score: The metric, negated if necessary so that higher is better; None if missing or not
            finite.
        stop: Whether the trial stops here.
    """

    trial: str
    epoch: int
    score: float | None
    stop: bool


D = TypeVar("D", bound=Decided)


class TrialScheduler(ABC, Generic[D]):
    """Decides after each epoch of each trial; its decisions contain its entire state.

    Decisions are written to the journal as they are made, and restored when a sweep is resumed. A
    resumed trial reports its last epoch again, so a known epoch gets no new decision.
    """

    @abstractmethod
    def decide(self, trial: str, epoch: int, score: float | None) -> D | None:
        """Decides whether a trial stops, given its score after an epoch.

        Args:
            trial: Id of the trial.
            epoch: Epochs completed, from 1.
            score: Its metric, negated if necessary so that higher is better; None or a non-finite
                score counts as the worst.

        Returns:
            The decision; None if the trial continues and nothing has to be remembered.
        """

    def forfeit(self, trial: str, epoch: int) -> D | None:
        """Records that a trial failed in an epoch, from 1, and will not continue."""
        return None

    @abstractmethod
    def restore(self, decisions: Iterable[D]) -> None:
        """Restores decisions of an earlier run, in the order in which they were made."""

    @abstractmethod
    def to_event(self, decision: D) -> Mapping[str, Any]:
        """Converts a decision to a JSON event of the journal, named `decision` or `rung`."""

    @abstractmethod
    def from_event(self, event: Mapping[str, Any]) -> D:
        """Inverse of `to_event`.

        Raises:
            KeyError: If the event lacks a field.
        """


class EpochScheduler(TrialScheduler[Decision]):
    """A scheduler that decides by scores alone; `Decision` contains its entire state."""

    def __init__(self) -> None:
        self.scores: dict[str, dict[int, float]] = {}
        """Scores by trial and epoch, higher is better; -inf if missing or not finite."""

    @abstractmethod
    def stops(self, trial: str, epoch: int) -> bool:
        """True if a trial stops after an epoch, whose score is already in `scores`."""

    def decide(self, trial: str, epoch: int, score: float | None) -> Decision | None:
        """Records the score of a new epoch, and asks `stops`."""
        if epoch in self.scores.get(trial, ()):
            return None
        finite = score if score is not None and math.isfinite(score) else None
        self.restore([Decision(trial, epoch, finite, stop=False)])
        return Decision(trial, epoch, finite, self.stops(trial, epoch))

    def restore(self, decisions: Iterable[Decision]) -> None:
        """Records the scores."""
        for one in decisions:
            score = -math.inf if one.score is None else one.score
            self.scores.setdefault(one.trial, {})[one.epoch] = score

    def to_event(self, decision: Decision) -> dict[str, Any]:
        """Event `decision`, with the decision's fields."""
        return {"event": "decision", **asdict(decision)}

    def from_event(self, event: Mapping[str, Any]) -> Decision:
        """Converts an event to a decision."""
        return Decision(**{field.name: event[field.name] for field in fields(Decision)})
