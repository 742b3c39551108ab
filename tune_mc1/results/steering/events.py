"""Events of requests that a sweep has carried out.

An event that a request has caused names it in its field `request`, so that a request is carried out
once even if the sweep is killed before it could answer.
"""

from typing import Literal, NotRequired

from tune_mc1.results.sweep_event import Stamped


class Requested(Stamped):
    """Fields of every such event.

    Attributes:
        request: Id of the request.
    """

    request: NotRequired[str]


class StopTrialsEvent(Requested):
    """Trials are to stop: each has its event `end` when it has."""

    event: Literal["stop_trials"]
    trials: list[str]


class StopSweepEvent(Requested):
    """The sweep is to stop, as by Ctrl-C."""

    event: Literal["stop_sweep"]


class ResizeEvent(Requested):
    """From now on at most so many trials run at a time."""

    event: Literal["resize"]
    max_concurrent: int


class PinEvent(Requested):
    """A trial is pinned, or not any more."""

    event: Literal["pin"]
    trial: str
    pinned: bool


class NoteEvent(Requested):
    """The note on a trial; an empty one removes it."""

    event: Literal["note"]
    trial: str
    text: str


SteeringEvent = StopTrialsEvent | StopSweepEvent | ResizeEvent | PinEvent | NoteEvent
