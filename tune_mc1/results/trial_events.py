"""Types of a trial's events in a sweep's journal; `tune_mc1.results.events` has the others."""

from typing import Any, Literal, NotRequired, Required

from tune_mc1.results.sweep_event import Stamped


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
