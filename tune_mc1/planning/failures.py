"""Trials that failed, and run again when their sweep is resumed."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from tune_mc1.config.program_trial import AnyTrial
from tune_mc1.errors import InputError, did_you_mean
from tune_mc1.planning.past import Past, without_stops
from tune_mc1.results.events import Event, end_event
from tune_mc1.results.schema import Row
from tune_mc1.results.steering.marks import BY_REQUEST, to_stop
from tune_mc1.results.trial_events import EndEvent

_MAY_PASS = (
    (r"process was lost|killed by SIG|terminated by SIG", "its process was lost"),
    (r"out of memory|MemoryError|Cannot allocate memory", "memory ran out"),
    (
        r"cannot be written|No space left|[Qq]uota exceeded|Read-only file system|"
        r"Input/output error|Stale file handle|cannot be reached",
        "its storage failed",
    ),
    (r"^hung:", "it hung"),
    (r"unknown to Ray|known to Ray", "the reason is not known"),
)
"""Causes that may have changed by the time of a resume: a pattern of the error, and the cause."""


def may_have_changed(error: str | None) -> str | None:
    """What failed a trial, if that may have changed since; None if it would fail again.

    Args:
        error: The trial's error.
    """
    text = error or ""
    return next((cause for pattern, cause in _MAY_PASS if re.search(pattern, text)), None)


def with_failed_again(
    past: Past, trials: Sequence[AnyTrial], *, everything: bool, named: Sequence[str] = ()
) -> tuple[Past, list[Event], list[str]]:
    """Lets failed trials run again, from their last checkpoint, and those that the user names.

    Args:
        past: The sweep's earlier progress; its tables are changed in place.
        trials: The trials that the sweep has now.
        everything: Whether all of them run again, and not only those whose cause may have changed.
        named: Ids of failed trials, or of stopped ones, that run again whatever ended them.

    Returns:
        The progress as it is now, the events for the journal, and notices.

    Raises:
        InputError: If a named trial has not failed, nor was it stopped.
    """
    rows = past.tables.trials
    _check_named(named, rows)
    failed = [t.id for t in trials if t.id in rows and rows[t.id]["state"] == "failed"]
    causes = {name: may_have_changed(rows[name]["error"]) for name in failed}
    gone = [name for name in failed if past.lacks_checkpoint(name) and name not in named]
    again = [name for name in failed if everything or causes[name] or name in named]
    again = [name for name in again if name not in gone]
    why = {name: causes[name] or "--retry-failed" for name in again}
    why |= dict.fromkeys(named, "--rerun")
    again = list(why)
    final = [name for name in failed if name not in why and name not in gone]
    events: list[Event] = [{"event": "again", "trial": t, "why": why[t]} for t in again]
    past.tables.apply_all(events)
    if again:
        past = replace(past, decisions=without_stops(past.decisions, set(again)))
    return past, events, list(_said(why, final, gone))


def _check_named(named: Sequence[str], rows: Mapping[str, Row]) -> None:
    for name in named:
        if name not in rows:
            raise InputError(f"--rerun: no trial {name!r}{did_you_mean(name, rows)}")
        if (state := rows[name]["state"]) not in ("failed", "stopped"):
            raise InputError(f"--rerun: must name failed or stopped trials, {name} is {state}")


def with_stopped(past: Past) -> tuple[Past, list[EndEvent]]:
    """Ends trials that were asked to stop before their sweep was killed.

    Args:
        past: The sweep's earlier progress; its tables are changed in place.

    Returns:
        The progress as it is now, and the events for the journal.
    """
    asked = to_stop(past.tables)
    now = time.time()
    events = [end_event(trial, "stopped", error=BY_REQUEST, time=now) for trial in asked]
    past.tables.apply_all(events)
    return replace(past, search=[*past.search, *events]) if events else past, events


def _said(why: dict[str, str], final: Sequence[str], gone: Sequence[str]) -> Iterator[str]:
    for cause in dict.fromkeys(why.values()):
        names = [name for name, one in why.items() if one == cause]
        kind = "trials" if cause == "--rerun" else "failed trials"
        yield f"{kind} run again ({cause}): {', '.join(names)}"
    if final:
        yield f"failed trials stay as they are; --retry-failed runs them again: {', '.join(final)}"
    if gone:
        rule = "stay as they are, as keep_checkpoints removed their checkpoints"
        yield f"failed trials {rule}: {', '.join(gone)}"
