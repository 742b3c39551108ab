"""Events of a sweep's journal: types and constructors.

An event is a JSON object whose field `event` names its kind. Importing this module is cheap.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NotRequired, Required, cast

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

if TYPE_CHECKING:
    from tune_mc1.config.program_trial import AnyTrial

TRAINING_FORMAT, PROGRAM_FORMAT = 1, 2
FORMAT = PROGRAM_FORMAT
"""Newest version of the result directory's format; readers refuse a newer one."""


class OfTrial(Stamped):
    """Fields of every event of a trial: its id."""

    trial: str


class Planned(OfTrial):
    """Fields of events that plan a trial."""

    config: dict[str, Any]
    config_hash: str
    fold: int | None


class TrialEvent(Planned):
    """A trial was planned."""

    event: Literal["trial"]


class ExtendEvent(Planned):
    """A trial was extended: it is to run longer than first planned."""

    event: Literal["extend"]


class StartEvent(OfTrial):
    """A trial starts, or starts again.

    Attributes:
        log: Path relative to the result directory.
        fused: Number of trials in its group; 1 if it is alone.
    """

    event: Literal["start"]
    log: str
    fused: NotRequired[int]


class EpochEvent(OfTrial, total=False):
    """An epoch of a trial ended. Each metric is a field too, by its name (`config.metrics`)."""

    event: Required[Literal["epoch"]]
    epoch: Required[int]
    learning_rate: float
    steps: int
    seconds: float
    step: int | None
    metrics: dict[str, float | None]
    images_per_second: float
    node: str
    device_name: str


class RungEvent(OfTrial):
    """A trial reached a rung of ASHA. A score of -inf, the worst, is null, as JSON has none.

    Attributes:
        cutoff: Score below which trials stop there; null for the first trial, or if it is -inf.
        trials: With `asha_promote`: trials that have arrived there. The trial pauses if `stop` is
            set; a second event without it says that it goes on.
    """

    event: Literal["rung"]
    bracket: int
    rung: int
    stop: bool
    score: float | None
    cutoff: float | None
    trials: NotRequired[int]


class DecisionEvent(OfTrial, total=False):
    """Decision of a trial scheduler other than ASHA, which may add fields.

    Attributes:
        score: The metric, negated if lower is better; null if missing or not finite.
    """

    event: Required[Literal["decision"]]
    stop: Required[bool]
    epoch: int
    score: float | None


class ObservedEvent(OfTrial):
    """A search that learns observed a trial's value; null if the trial failed."""

    event: Literal["told"]
    value: float | None


class PauseEvent(OfTrial):
    """A trial pauses, with its checkpoint; it goes on if it is promoted."""

    event: Literal["pause"]


class RemovedEvent(OfTrial):
    """A trial's checkpoints are removed, as it is out of the race (`keep_checkpoints`)."""

    event: Literal["removed"]


class RetryEvent(OfTrial):
    """A trial failed and is retried."""

    event: Literal["retry"]
    error: str


class EndEvent(OfTrial):
    """A trial ended.

    Attributes:
        state: One of `tune_mc1.results.schema.STATES`.
        epoch: Epoch in which it failed or diverged.
        last: What a program logged after its last iteration.
    """

    event: Literal["end"]
    state: str
    error: NotRequired[str | None]
    epoch: NotRequired[int]
    last: NotRequired[dict[str, float | None]]


class ScoreEvent(OfTrial):
    """A trial of the winning setting was scored on the test images."""

    event: Literal["test"]
    test_loss: float
    test_acc: float
    test_f1: float


class OwnScoreEvent(OfTrial):
    """A trial of the winning setting was tested by the user's own module.

    Attributes:
        last: What it logged; empty if it has no test.
    """

    event: Literal["test"]
    last: dict[str, float | None]


class ResumeEvent(Stamped):
    """The sweep was resumed."""

    event: Literal["resume"]


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
