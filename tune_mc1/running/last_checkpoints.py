"""Checkpoints that the trials of an interrupted sweep are about to write."""

import time
from collections.abc import Sequence
from pathlib import Path

from tune_mc1.errors import SweepStopped
from tune_mc1.results.directory import LAST
from tune_mc1.results.tables import SweepTables
from tune_mc1.running.sweep_run import SweepRun

CHECKPOINT_WAIT_S = 3.0
"""Seconds for which an interrupted sweep waits for epochs that are about to end."""


def await_imminent(run: SweepRun, tables: SweepTables, stopped: SweepStopped) -> None:
    """Waits for checkpoints that an interrupted sweep is about to write."""
    if run.program is not None or stopped.reason is not None:
        return
    if run.remote is not None:
        time.sleep(CHECKPOINT_WAIT_S)  # checkpoints are uploaded from the trials' nodes
    else:
        running = [run.where.checkpoints(trial) for trial in tables.in_state("running")]
        _await_checkpoints(running, CHECKPOINT_WAIT_S)


def _await_checkpoints(folders: Sequence[Path], seconds: float) -> None:
    """Waits until each trial has written a new checkpoint, or the time is up.

    Ray Tune no longer takes reports, so each trial blocks after this checkpoint or the next.
    """

    def changed(folder: Path) -> int:
        try:
            return (folder / LAST).stat().st_mtime_ns
        except OSError:
            return 0

    before = [changed(folder) for folder in folders]
    end = time.monotonic() + seconds
    while time.monotonic() < end and any(
        changed(folder) == old for folder, old in zip(folders, before, strict=True)
    ):
        time.sleep(0.05)
