"""Callback that removes the checkpoints of trials that are out of the race."""

import shutil
import time
from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from ray.tune import Callback
from ray.tune.experiment import Trial as TuneTrial

from tune_mc1.config.keep_checkpoints import KeepCheckpoints
from tune_mc1.results.events import removed_event
from tune_mc1.results.out_of_race import out_of_race
from tune_mc1.results.store.remote import Remote, retry
from tune_mc1.results.writer import ResultWriter
from tune_mc1.running.callbacks.driver_only import DriverOnly
from tune_mc1.running.sweep_run import SweepRun

AT_ONCE = 8

PATIENCE_S = 5.0
"""Seconds of retries for a file in the store, which does no harm if it stays."""


class CheckpointKeeper(DriverOnly, Callback):
    """Removes checkpoints as the sweep goes, after saying so in the journal.

    The files of a trial that has ended are complete, also in an object store, as they are uploaded
    before each report.

    Args:
        keep: The sweep's `keep_checkpoints`.
        writer: Writer of the sweep's results.
        remote: The sweep's folder in an object store; None without a store.
        removed: Ids of trials whose checkpoints an earlier run has removed.
        notify: Called with a notice if files in the store could not be removed.
        interval_s: Minimum time between two rounds, in seconds; it grows with their duration.
    """

    def __init__(
        self,
        keep: KeepCheckpoints,
        writer: ResultWriter,
        remote: Remote | None,
        removed: Collection[str],
        notify: Callable[[str], None],
        interval_s: float = 2.0,
    ) -> None:
        self.keep, self.writer, self.remote, self.notify = keep, writer, remote, notify
        self.interval_s = interval_s
        self._removed = set(removed)
        self._next = 0.0
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._deletions: list[Future[None]] = []
        for trial in removed:  # an earlier run may have been killed in between
            self._remove_files(trial)

    def on_step_end(self, iteration: int, trials: list[TuneTrial], **info: Any) -> None:
        """Removes what is out of the race by now."""
        if time.monotonic() >= self._next:
            self.tidy()

    def tidy(self, *, spare_best: bool = True) -> None:
        """Removes the checkpoints of trials that are out of the race.

        Args:
            spare_best: Whether those of the best setting stay.
        """
        began = time.monotonic()
        found = out_of_race(self.writer.tables, spare_best=spare_best)
        self._removed.intersection_update(found)  # one that was replaced has files again
        new = [trial for trial in found if trial not in self._removed]
        if new:
            self.writer.write(*map(removed_event, new))
        for trial in new:
            self._removed.add(trial)
            self._remove_files(trial)
        self._next = time.monotonic() + max(self.interval_s, 20 * (time.monotonic() - began))

    def settle(self) -> None:
        """Waits until files in the store are gone that are being removed."""
        wait(self._deletions)

    def finish(self) -> None:
        """Removes the rest once the winner is scored, and waits for the store."""
        self.tidy(spare_best=self.keep != "none")
        self._pool.shutdown()
        failed = [error for done in self._deletions if (error := done.exception()) is not None]
        if failed:
            self.notify(f"keep_checkpoints: {len(failed)} trials' files stay: {failed[0]}")

    def _remove_files(self, trial: str) -> None:
        shutil.rmtree(self.writer.where.checkpoints(trial), ignore_errors=True)
        if self.remote is not None:
            folder = self.remote.child(f"checkpoints/{trial}")
            self._deletions.append(self._pool.submit(retry, folder.delete_all, PATIENCE_S))


def checkpoint_keeper(
    run: SweepRun, writer: ResultWriter, notify: Callable[[str], None]
) -> CheckpointKeeper | None:
    """The callback of a sweep that does not keep all checkpoints, else None."""
    keep = run.sweep.keep_checkpoints or "all"
    if keep == "all":
        return None
    return CheckpointKeeper(keep, writer, run.remote, run.past.removed, notify)
