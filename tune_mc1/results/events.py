"""Events of a sweep's journal: any event, and constructors of a trial's events.

An event is a JSON object whose field `event` names its kind. Importing this module is cheap.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NotRequired, cast

from tune_mc1.results.exchanges import ExchangeEvent
from tune_mc1.results.growth_events import (
    AgainEvent,
    DropEvent,
    EnoughEvent,
    EvidenceEvent,
    GrowEvent,
    PriceEvent,
    TakenEvent,
)
from tune_mc1.results.steering.events import SteeringEvent
from tune_mc1.results.sweep_event import Stamped, SweepEvent
from tune_mc1.results.trial_events import (
    DecisionEvent,
    EndEvent,
    EpochEvent,
    ExtendEvent,
    ObservedEvent,
    OwnScoreEvent,
    PauseEvent,
    RemovedEvent,
    RetryEvent,
    RungEvent,
    ScoreEvent,
    StartEvent,
    TrialEvent,
)

if TYPE_CHECKING:
    from tune_mc1.config.program_trial import AnyTrial

TRAINING_FORMAT, PROGRAM_FORMAT = 1, 2
FORMAT = PROGRAM_FORMAT
"""Newest version of the result directory's format; readers refuse a newer one."""


class ResumeEvent(Stamped):
    """The sweep was resumed.

    Attributes:
        complete: Whether nothing was left to run, so that it has ended as before.
    """

    event: Literal["resume"]
    complete: NotRequired[bool]


class CloseEvent(Stamped):
    """The process that ran the sweep finished."""

    event: Literal["close"]


Event = (
    SweepEvent
    | TrialEvent
    | ExtendEvent
    | StartEvent
    | EpochEvent
    | RungEvent
    | DecisionEvent
    | ObservedEvent
    | PauseEvent
    | RemovedEvent
    | RetryEvent
    | EndEvent
    | ScoreEvent
    | OwnScoreEvent
    | ResumeEvent
    | GrowEvent
    | DropEvent
    | TakenEvent
    | EvidenceEvent
    | AgainEvent
    | EnoughEvent
    | PriceEvent
    | ExchangeEvent
    | SteeringEvent
    | CloseEvent
)
"""Any event. The journal of a later version may hold others, which readers skip."""


def trial_event(trial: "AnyTrial") -> TrialEvent:
    """The event of a planned trial."""
    return {
        "event": "trial",
        "trial": trial.id,
        "config": trial.values,
        "config_hash": trial.config_hash,
        "fold": trial.fold,
    }


def extend_event(trial: "AnyTrial") -> ExtendEvent:
    """The event of an extended trial."""
    return cast(ExtendEvent, {**trial_event(trial), "event": "extend"})


def start_events(trials: Sequence[str]) -> list[StartEvent]:
    """The events of starting trials: a single one, or a group that shares a process."""
    return [
        {"event": "start", "trial": trial, "log": f"logs/{trial}.log", "fused": len(trials)}
        for trial in trials
    ]


def epoch_event(row: Mapping[str, Any]) -> EpochEvent:
    """The event of an epoch, from the row that training reported."""
    return cast(EpochEvent, {"event": "epoch", **row})


def pause_event(trial: str) -> PauseEvent:
    """The event of a trial that pauses."""
    return {"event": "pause", "trial": trial}


def removed_event(trial: str) -> RemovedEvent:
    """The event of a trial whose checkpoints are removed."""
    return {"event": "removed", "trial": trial}


def retry_event(trial: str, error: str) -> RetryEvent:
    """The event of a trial that failed and is retried."""
    return {"event": "retry", "trial": trial, "error": error}


def end_event(trial: str, state: str, **more: Any) -> EndEvent:
    """The event of a trial that ended in a state; `more` may hold `error` and `epoch`."""
    return cast(EndEvent, {"event": "end", "trial": trial, "state": state, **more})


def score_event(trial: str, scores: Mapping[str, float]) -> ScoreEvent:
    """The event of a trial that was scored on the test images."""
    return cast(ScoreEvent, {"event": "test", "trial": trial, **scores})


def own_score_event(trial: str, last: Mapping[str, float | None]) -> OwnScoreEvent:
    """The event of a trial that was tested by the user's own module."""
    return {"event": "test", "trial": trial, "last": dict(last)}
