"""Trials that failed, and run again when their sweep is resumed."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tune_mc1.config.program_trial import AnyTrial
from tune_mc1.planning.past import Past, without_stops
from tune_mc1.results.events import Event

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
    past: Past, trials: Sequence[AnyTrial], *, everything: bool
) -> tuple[Past, list[Event], list[str]]:
    """Lets failed trials run again, from their last checkpoint.

    Args:
        past: The sweep's earlier progress; its tables are changed in place.
        trials: The trials that the sweep has now.
        everything: Whether all of them run again, and not only those whose cause may have changed.

    Returns:
        The progress as it is now, the events for the journal, and notices.
    """
    rows = past.tables.trials
    failed = [t.id for t in trials if t.id in rows and rows[t.id]["state"] == "failed"]
    causes = {name: may_have_changed(rows[name]["error"]) for name in failed}
    again = [name for name in failed if everything or causes[name]]
    why = {name: causes[name] or "--retry-failed" for name in again}
    final = [name for name in failed if name not in why]
    events: list[Event] = [{"event": "again", "trial": t, "why": why[t]} for t in again]
    past.tables.apply_all(events)
    if again:
        past = replace(past, decisions=without_stops(past.decisions, set(again)))
    return past, events, list(_said(why, final))


def _said(why: dict[str, str], final: Sequence[str]) -> Iterator[str]:
    for cause in dict.fromkeys(why.values()):
        names = [name for name, one in why.items() if one == cause]
        yield f"failed trials run again ({cause}): {', '.join(names)}"
    if final:
        yield f"failed trials stay as they are; --retry-failed runs them again: {', '.join(final)}"
