"""Resume of a sweep that has nothing left to run: its records are completed, without Ray."""

from collections.abc import Callable

from tune_mc1.interruption import Interruption
from tune_mc1.results.steering.inbox import Inbox
from tune_mc1.results.steering.requests import ENDED_LINE
from tune_mc1.running.nothing_left import unscorable_line
from tune_mc1.running.record import (
    close_record,
    finish_trackers,
    has_news,
    open_record,
    start_trackers,
)
from tune_mc1.running.sweep_run import SweepRun
from tune_mc1.terminal.live_view import SweepView


def finish_sweep(
    run: SweepRun, view: SweepView, notify: Callable[[str], None], interruption: Interruption
) -> None:
    """Completes what trackers lack of a sweep, and refuses requests that nobody answered.

    If its file has changed, this is recorded; checkpoints that it is not to keep are removed.

    Args:
        run: The sweep.
        view: Shows the results.
        notify: Called with each notice for the user.
        interruption: Ends the wait for the trackers early.

    Raises:
        StorageError: If the directory is not writable.
    """
    removes = run.sweep.keep_checkpoints not in (None, "all")
    writer = open_record(run) if removes or has_news(run) or _is_behind(run) else None
    if writer is not None:
        start_trackers(run, interruption)
    try:
        with view.showing(run.past.tables):
            pass
        if line := unscorable_line(run.sweep, run.past.tables, run.past.removed):
            notify(line)
        if removes and writer is not None:
            from tune_mc1.running.callbacks.keep import checkpoint_keeper  # imports Ray

            if (keeper := checkpoint_keeper(run, writer, notify)) is not None:
                keeper.finish()
    finally:
        try:
            if writer is not None:
                close_record(writer)
        finally:
            if writer is not None:
                finish_trackers(run, interruption)
            Inbox(run.where, run.past.requests).close(ENDED_LINE)


def _is_behind(run: SweepRun) -> bool:
    """True if trackers may lack something."""
    return bool(run.trackers) and not (run.tracked and run.tracked.is_complete())
