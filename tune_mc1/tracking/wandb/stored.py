"""Queries of what W&B's server has stored of a run, and its errors as one line."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import wandb
from pydantic import ValidationError

from tune_mc1.errors import TuneMc1Error
from tune_mc1.tracking.wandb.mode import server
from tune_mc1.tracking.wandb.one_run import server_timeout

ASKS, ASK_PAUSE_S = 5, 0.5
"""Number of queries, and the growing pause between them, until uploaded data must be visible."""


class SyncError(TuneMc1Error):
    """The server failed, or rejected data."""


OPEN = ("running", "crashed", "pending")
"""States of a run on the server of which it has not heard the end; it crashed if that is late."""


class Stored(NamedTuple):
    """What the server has of a run.

    Attributes:
        last_step: Its last step; -1 without a run.
        summary: Its summary.
        ended: Whether the server has heard of its end.
    """

    last_step: int
    summary: dict[str, Any]
    ended: bool


def ask(api: wandb.Api, path: str) -> Stored:
    """Asks the server for a run.

    Args:
        api: W&B's API.
        path: Entity, project and id of the run.
    """
    api.flush()  # type: ignore[no-untyped-call]
    try:
        run = api.run(path)
    except (wandb.Error, ValueError) as error:
        if _is_not_found(error):
            return Stored(-1, {}, False)
        raise
    return Stored(run.lastHistoryStep, dict(run.summary_metrics), run.state not in OPEN)


@contextmanager
def one_line(what: str) -> Iterator[None]:
    """Turns errors of W&B into one line."""
    try:
        yield
    except Exception as error:  # W&B's library raises all kinds of errors for odd responses
        reason = " ".join(str(error).split()) or type(error).__name__
        if "did not respond in time" in reason:  # W&B's wording about its own process
            reason = f"no valid response within {server_timeout():g} s"
        raise SyncError(f"W&B at {server()}: {what}: {reason}") from error


def quieten() -> None:
    """Keeps W&B from writing to the terminal and from any mode but online."""
    os.environ.pop("WANDB_MODE", None)
    os.environ |= {"WANDB_SILENT": "true", "WANDB_ERROR_REPORTING": "false"}


def _is_not_found(error: Exception) -> bool:
    """True if there is no such run: W&B raises a ValueError, usually wrapped in its own error."""
    cause = getattr(error, "exc", None) or error
    return isinstance(cause, ValueError) and not isinstance(cause, ValidationError)
