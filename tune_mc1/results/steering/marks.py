"""What requests leave in a sweep's metadata: trials to stop, pins, notes, and its size."""

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from tune_mc1.errors import InputError, did_you_mean
from tune_mc1.results.states import ENDED
from tune_mc1.results.steering.events import NoteEvent, PinEvent, ResizeEvent, StopTrialsEvent
from tune_mc1.results.steering.requests import Note, Pin

if TYPE_CHECKING:
    from tune_mc1.results.tables import SweepTables

BY_REQUEST = "stopped by request"
"""Why such a trial stopped: its `error`."""

TO_STOP, PINNED, NOTES, SIZE = "to_stop", "pinned", "notes", "max_concurrent"
"""Fields of a sweep's metadata; absent as long as nothing was asked for."""


def to_stop(tables: "SweepTables") -> list[str]:
    """Ids of the trials that are to stop, and have not ended."""
    asked = tables.metadata.get(TO_STOP, ())
    return [t for t in asked if t in tables.trials and tables.trials[t]["state"] not in ENDED]


def pinned(tables: "SweepTables") -> list[str]:
    """Ids of the pinned trials, in the order in which they were pinned."""
    return list(tables.metadata.get(PINNED, ()))


def notes(tables: "SweepTables") -> dict[str, str]:
    """Notes on trials, by their ids."""
    return dict(tables.metadata.get(NOTES, {}))


def size(tables: "SweepTables") -> int | None:
    """How many trials may run at a time since the sweep was resized; None if it was not."""
    found: int | None = tables.metadata.get(SIZE)
    return found


def forget_stop(tables: "SweepTables", trial: str) -> None:
    """Lets a trial run again that was stopped by request."""
    if trial in tables.metadata.get(TO_STOP, ()):
        tables.metadata[TO_STOP] = [t for t in tables.metadata[TO_STOP] if t != trial]


def check_known(tables: "SweepTables", trials: Collection[str]) -> None:
    """Raises InputError if a sweep has no such trial."""
    for trial in trials:
        if trial not in tables.trials:
            raise InputError(f"no trial {trial!r}{did_you_mean(trial, tables.trials)}")


def mark_event(request: Pin | Note, name: str = "") -> PinEvent | NoteEvent:
    """The event of a request that marks a trial.

    Args:
        request: The request.
        name: Its id, if it was placed.
    """
    event: PinEvent | NoteEvent
    if isinstance(request, Pin):
        event = {"event": "pin", "trial": request.trial, "pinned": request.pinned}
    else:
        event = {"event": "note", "trial": request.trial, "text": request.text}
    if name:
        event["request"] = name
    return event


def mark_line(request: Pin | Note) -> str:
    """What such a request has done, in one line."""
    if isinstance(request, Pin):
        return f"{request.trial} is {'pinned' if request.pinned else 'no longer pinned'}"
    return f"the note on {request.trial} is {'written' if request.text else 'removed'}"


def _on_stop_trials(tables: "SweepTables", event: StopTrialsEvent) -> None:
    before = tables.metadata.get(TO_STOP, ())
    tables.metadata[TO_STOP] = list(dict.fromkeys([*before, *event["trials"]]))


def _on_resize(tables: "SweepTables", event: ResizeEvent) -> None:
    tables.metadata[SIZE] = event["max_concurrent"]


def _on_pin(tables: "SweepTables", event: PinEvent) -> None:
    others = [trial for trial in pinned(tables) if trial != event["trial"]]
    tables.metadata[PINNED] = [*others, event["trial"]] if event["pinned"] else others


def _on_note(tables: "SweepTables", event: NoteEvent) -> None:
    found = notes(tables) | {event["trial"]: event["text"]}
    tables.metadata[NOTES] = {trial: text for trial, text in found.items() if text}


STEERING_HANDLERS: Mapping[str, Callable[["SweepTables", Any], None]] = {
    "stop_trials": _on_stop_trials,
    "resize": _on_resize,
    "pin": _on_pin,
    "note": _on_note,
}
"""Functions that apply an event to the tables, by its name."""
