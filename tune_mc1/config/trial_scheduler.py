"""Trial schedulers, which decide when trials stop early; independent of Ray, files and clocks."""

import math
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from tune_mc1.config.stop_reason import Why


class Decided(Protocol):
    """Interface of all decisions."""

    @property
    def trial(self) -> str:
        """Id of the trial."""

    @property
    def stop(self) -> bool:
        """True if the trial leaves its worker here: it stops, or pauses."""


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

    A scheduler that promotes pauses trials: `decide` returns a decision with `stop`, and the trial
    is in `paused` from then on. Whoever runs the trials calls `promote` when a worker is free, and
    starts a new setting if no trial is promoted. A decision of `promote` has no `stop`: the trial
    goes on from its checkpoint.

    Attributes:
        promotes: Whether trials pause and may go on later.
    """

    promotes: ClassVar[bool] = False

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

    def decides_at(self, trial: str) -> Collection[int] | None:
        """Epochs after which it decides on a trial; None if it may after each.

        After any other epoch, the trial goes on while its report is under way.
        """
        return None

    def forfeit(self, trial: str, epoch: int) -> D | None:
        """Records that a trial failed in an epoch, from 1, and will not continue."""
        return None

    @property
    def paused(self) -> Collection[str]:
        """Ids of the trials that wait and may go on."""
        return ()

    def promote(self, among: Collection[str] | None = None, *, last: bool = False) -> D | None:
        """Chooses the paused trial that goes on, when a worker is free.

        Args:
            among: The trials that can go on; None for all paused ones.
            last: Whether no trial is running and no new setting is left, so that the sweep ends if
                none goes on.

        Returns:
            The decision, without `stop`; None if a new setting should start instead.
        """
        return None

    def reason(self, trial: str) -> Why | None:
        """Explains why a trial was stopped or paused; None if it was not, or if it is unknown."""
        return None

    def gone(self, decisions: Iterable[D]) -> set[str]:
        """Ids of the trials that are stopped or paused after these decisions."""
        found: set[str] = set()
        for one in decisions:
            if one.stop:
                found.add(one.trial)
            elif self.promotes:
                found.discard(one.trial)
        return found

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
        self._reasons: dict[str, Why | None] = {}

    @abstractmethod
    def stops(self, trial: str, epoch: int) -> bool:
        """True if a trial stops after an epoch, whose score is already in `scores`."""

    def why(self, trial: str, epoch: int) -> Why | None:
        """Explains why a trial stops after an epoch; asked when `stops` was true.

        A line of text is shown as it is, a `StopReason` in words with the metric's own sign.
        """
        return None

    def reason(self, trial: str) -> Why | None:
        """What `why` said when the trial was stopped."""
        return self._reasons.get(trial)

    def decide(self, trial: str, epoch: int, score: float | None) -> Decision | None:
        """Records the score of a new epoch, and asks `stops`."""
        if epoch in self.scores.get(trial, ()):
            return None
        finite = score if score is not None and math.isfinite(score) else None
        self.take_score(trial, epoch, finite)
        stop = self.stops(trial, epoch)
        if stop:
            self._reasons[trial] = self.why(trial, epoch)
        return Decision(trial, epoch, finite, stop)

    def restore(self, decisions: Iterable[Decision]) -> None:
        """Records the scores."""
        for one in decisions:
            self.take_score(one.trial, one.epoch, one.score)
            if one.stop:
                self._reasons[one.trial] = self.why(one.trial, one.epoch)

    def take_score(self, trial: str, epoch: int, score: float | None) -> None:
        """Records a score, None if missing or not finite; a scheduler may keep more of it."""
        self.scores.setdefault(trial, {})[epoch] = -math.inf if score is None else score

    def to_event(self, decision: Decision) -> dict[str, Any]:
        """Event `decision`, with the decision's fields."""
        return {"event": "decision", **asdict(decision)}

    def from_event(self, event: Mapping[str, Any]) -> Decision:
        """Converts an event to a decision."""
        return Decision(**{field.name: event[field.name] for field in fields(Decision)})
