"""The process that mirrors a sweep's journal to W&B.

`python -m tune_mc1.tracking.wandb.mirror_process --help`.
"""

import argparse
import logging
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tune_mc1.results.directory import ResultDir
from tune_mc1.results.journal import Journal, read_events
from tune_mc1.tracking.wandb.mirror import LAST_CHANCE_S, POLL_S, status_file
from tune_mc1.tracking.wandb.mode import server
from tune_mc1.tracking.wandb.sent import Sent

if TYPE_CHECKING:
    from types import FrameType

    from tune_mc1.tracking.wandb.runs import WandbRuns


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point: mirrors a journal until it is closed or the sweep's process is gone.

    Args:
        arguments: Command-line arguments; those of the process by default.
    """
    parser = argparse.ArgumentParser(
        prog="python -m tune_mc1.tracking.wandb.mirror_process", description=__doc__
    )
    parser.add_argument("directory", type=Path, help="a result directory")
    parser.add_argument("--mode", choices=("online", "offline"), required=True)
    parser.add_argument("--from", dest="offset", type=int, default=0, help="byte of the journal")
    parser.add_argument("--parent", type=int, default=os.getppid(), help="process to end with")
    options = parser.parse_args(arguments)
    os.nice(10)
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")  # W&B's telemetry on itself
    logging.raiseExceptions = False  # W&B's own log must not fill ours when the disk is full
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # W&B sends it when a run is stopped on its page
    signal.signal(signal.SIGTERM, _on_sigterm)
    where = ResultDir(options.directory)
    where.wandb.mkdir(exist_ok=True)  # otherwise W&B would use /tmp
    from tune_mc1.tracking.wandb.runs import WandbRuns

    runs = WandbRuns(where, options.mode, Journal(status_file(where)).write)
    lock = Sent(where, server(), wait=True) if options.mode == "online" else None
    try:
        mirror(runs, options.offset, options.parent, lock)
        runs.finish()
    except _Terminated:
        runs.finish_open()
        runs.wait(LAST_CHANCE_S)
        os._exit(128 + signal.SIGTERM)  # W&B's own handlers would wait for its server


def mirror(runs: "WandbRuns", offset: int, parent: int, lock: Sent | None = None) -> None:
    """Mirrors events until the journal is closed or the parent process is gone.

    Args:
        runs: Receives the events.
        offset: Byte of the journal at which to start; earlier events are applied, not mirrored.
        parent: Process id.
        lock: Lock that blocks `wandb sync` while runs are uploaded from here.
    """
    journal = runs.where.journal
    for event, end in read_events(journal):
        if end > offset:
            break
        runs.apply(event)
    position, closed = offset, False
    while True:
        gone = os.getppid() != parent  # checked before reading, so that nothing is missed
        for event, position in read_events(journal, position):  # noqa: B007, B020
            runs.take(event)
            closed = event["event"] == "close"
        if gone or closed:
            return
        runs.collect()
        if lock is not None and not runs.sending:
            lock.close()
        time.sleep(POLL_S)


class _Terminated(BaseException):
    """SIGTERM was received."""


def _on_sigterm(number: int, _: "FrameType | None") -> None:
    signal.signal(number, signal.SIG_IGN)
    raise _Terminated


if __name__ == "__main__":
    main()
