"""The process that sends how the trials of a program's online sweep ended, soon after each end.

`python -m tune_mc1.tracking.wandb.program_upload --help`. Its standard input stays open for as long
as the sweep runs; `last` in it asks for all that is left, its end alone to leave that.
"""

import argparse
import os
import select
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from tune_mc1.errors import TuneMc1Error
from tune_mc1.redaction import redact
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.journal import read_events
from tune_mc1.results.schema import ENDED, Row
from tune_mc1.tracking.wandb.mode import server
from tune_mc1.tracking.wandb.program_runs import LAST, PROCESS
from tune_mc1.tracking.wandb.sent import Sent

POLL_S = 0.5
PAUSE_S, LONGEST_S = 3.0, 60.0
"""Minimum time between two uploads, and its maximum: it grows with their duration, as each starts
W&B's own command."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point: sends what is missing until the sweep has ended.

    Args:
        arguments: Command-line arguments; those of the process by default.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {PROCESS}", description=__doc__)
    parser.add_argument("directory", type=Path, help="a result directory")
    parser.add_argument("--from", dest="offset", type=int, default=0, help="byte of the journal")
    options = parser.parse_args(arguments)
    where = ResultDir(options.directory)
    os.nice(10)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the sweep
    trials = EndedTrials(where, options.offset)
    with Sent(where, server(), wait=True) as sent:
        _send_as_they_end(trials, sent)
        if sys.stdin.readline() != LAST:
            return
        try:
            _upload(where, sent, None)
        except TuneMc1Error as error:
            _exit_now(1, str(error))
    _exit_now(0)


class EndedTrials:
    """Trials that have ended since the last look, from the journal.

    Args:
        where: The sweep's directory.
        offset: Byte of the journal up to which ends are a matter of the last upload.
    """

    def __init__(self, where: ResultDir, offset: int) -> None:
        self.where = where
        self._rows: dict[str, Row] = {}
        self._first, self._offset = offset, 0

    def look(self) -> list[Row]:
        """What is needed of their rows: those of `trials.parquet` would take all epochs."""
        ended: dict[str, Row] = {}
        for event, end in read_events(self.where.journal, self._offset):
            self._offset = end
            if event["event"] == "start":
                row = self._rows.setdefault(event["trial"], {"attempts": 0, "epochs_run": 0})
                row |= {"trial": event["trial"], "attempts": row["attempts"] + 1}
            elif event["event"] == "epoch":
                self._rows[event["trial"]]["epochs_run"] = event["epoch"]
            elif event["event"] == "end" and event["state"] in ENDED and end > self._first:
                ended[event["trial"]] = self._rows[event["trial"]] | {"state": event["state"]}
        return list(ended.values())


def _send_as_they_end(trials: EndedTrials, sent: Sent) -> None:
    """Sends trials one after the other end, until there is something in standard input."""
    waiting: list[Row] = []
    after = 0.0
    while not select.select([sys.stdin], [], [], POLL_S)[0]:
        waiting += trials.look()
        if not waiting or time.monotonic() < after:
            continue
        began = time.monotonic()
        try:
            _upload(trials.where, sent, waiting)
            waiting = []
        except TuneMc1Error:  # the last upload says so, if it fails as well
            after = time.monotonic() + LONGEST_S
            continue
        took = time.monotonic() - began
        after = time.monotonic() + min(max(PAUSE_S, took), LONGEST_S)


def _upload(where: ResultDir, sent: Sent, rows: Sequence[Row] | None) -> None:
    """Sends trials; None for all."""
    from tune_mc1.tracking.wandb.program_sync import ProgramSync  # takes a second
    from tune_mc1.tracking.wandb.stored import quieten

    quieten()
    sync = ProgramSync(where, sent)
    if rows is None:
        sync.send()
    else:
        sync.send_trials(rows)


def _exit_now(status: int, message: str = "") -> NoReturn:
    """Exits immediately; at a normal exit W&B would wait for the server."""
    if message:
        print(redact(message), file=sys.stderr)
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
