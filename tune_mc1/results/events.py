"""Events of a sweep's journal: their types and what makes them.

An event is a JSON object; its `event` says which. Importing this is cheap.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NotRequired, Required, TypedDict, cast

if TYPE_CHECKING:
    from tune_mc1.config.trial import Trial

FORMAT = 1
"""Version of the result directory's format; a reader refuses a newer one."""


class Stamped(TypedDict, total=False):
    """What every event has.

    Attributes:
        time: Seconds since 1970, which `ResultWriter` adds.
    """

    time: float


class OfTrial(Stamped):
    """What events of a trial have: its id."""

    trial: str


class Planned(OfTrial):
    """What events have that say how a trial is to run."""

    config: dict[str, Any]
    config_hash: str
    fold: int | None


class SweepEvent(Stamped, total=False):
    """What a sweep is. Older journals lack some of it."""

    event: Required[Literal["sweep"]]
    format: int
    name: str | None
    description: str | None
    project: str | None
    entity: str | None
    method: str | None
    fuse: str | int
    replicates: int
    metric: Required[str]
    maximize: Required[bool]
    data: str
    fingerprint: str
    classes: list[str]
    image_shape: list[int]
    train_images: int
    test_images: int
    limit_images: float
    scale: float
    validation: Any


class TrialEvent(Planned):
    """A trial is planned."""

    event: Literal["trial"]


class ExtendEvent(Planned):
    """A trial is to run longer than it was planned."""

    event: Literal["extend"]


class StartEvent(OfTrial):
    """A trial starts, or starts again.

    Attributes:
        log: Path below the result directory.
        fused: Trials of its group; 1 where it is alone.
    """

    event: Literal["start"]
    log: str
    fused: NotRequired[int]


class EpochEvent(OfTrial, total=False):
    """An epoch of a trial has ended. It has each metric as well, by its name (`config.metrics`)."""

    event: Required[Literal["epoch"]]
    epoch: Required[int]
    learning_rate: float
    steps: int
    seconds: float
    images_per_second: float
    node: str
    device_name: str


class RungEvent(OfTrial):
    """A trial has come to a rung of ASHA. The worst score, -inf, is null: JSON has no word for it.

    Attributes:
        cutoff: Score below which trials stop there; null if it is the first one, or -inf.
    """

    event: Literal["rung"]
    bracket: int
    rung: int
    stop: bool
    score: float | None
    cutoff: float | None


class DecisionEvent(OfTrial, total=False):
    """A trial scheduler other than ASHA has decided on a trial; it may say more.

    Attributes:
        score: The metric, turned so that higher is better; null if missing or not finite.
    """

    event: Required[Literal["decision"]]
    stop: Required[bool]
    epoch: int
    score: float | None


class ToldEvent(OfTrial):
    """A search that learns was told a trial's value; null if the trial failed."""

    event: Literal["told"]
    value: float | None


class RetryEvent(OfTrial):
    """A trial has failed and is tried again."""

    event: Literal["retry"]
    error: str


class EndEvent(OfTrial):
    """A trial has ended.

    Attributes:
        state: One of `tune_mc1.results.schema.STATES`.
        epoch: Where it failed or diverged.
    """

    event: Literal["end"]
    state: str
    error: NotRequired[str | None]
    epoch: NotRequired[int]


class ScoreEvent(OfTrial):
    """A trial of the winning setting was scored on the test images."""

    event: Literal["test"]
    test_loss: float
    test_acc: float
    test_f1: float


class ResumeEvent(Stamped):
    """The sweep goes on after it was cut off."""

    event: Literal["resume"]


class CloseEvent(Stamped):
    """The process that ran the sweep is done with it."""

    event: Literal["close"]


Event = (
    SweepEvent
    | TrialEvent
    | ExtendEvent
    | StartEvent
    | EpochEvent
    | RungEvent
    | DecisionEvent
    | ToldEvent
    | RetryEvent
    | EndEvent
    | ScoreEvent
    | ResumeEvent
    | CloseEvent
)
"""Any event. A journal of a later version may hold others, which readers pass over."""


def trial_event(trial: "Trial") -> TrialEvent:
    """The event of a trial that is planned."""
    config = trial.config
    return {
        "event": "trial",
        "trial": trial.id,
        "config": config.values,
        "config_hash": config.config_hash,
        "fold": trial.fold,
    }


def extend_event(trial: "Trial") -> ExtendEvent:
    """The event of a trial that is to run longer."""
    return cast(ExtendEvent, {**trial_event(trial), "event": "extend"})


def start_events(trials: Sequence[str]) -> list[StartEvent]:
    """The events of trials that start: one alone, or a group that shares a process and a log."""
    return [
        {"event": "start", "trial": trial, "log": f"logs/{trials[0]}.log", "fused": len(trials)}
        for trial in trials
    ]


def epoch_event(row: Mapping[str, Any]) -> EpochEvent:
    """The event of an epoch, from the row that its training has reported."""
    return cast(EpochEvent, {"event": "epoch", **row})


def retry_event(trial: str, error: str) -> RetryEvent:
    """The event of a trial that has failed and is tried again."""
    return {"event": "retry", "trial": trial, "error": error}


def end_event(trial: str, state: str, **more: Any) -> EndEvent:
    """The event of a trial that has ended in a state, with `error` and `epoch` where they help."""
    return cast(EndEvent, {"event": "end", "trial": trial, "state": state, **more})


def score_event(trial: str, scores: Mapping[str, float]) -> ScoreEvent:
    """The event of a trial that was scored on the test images."""
    return cast(ScoreEvent, {"event": "test", "trial": trial, **scores})
