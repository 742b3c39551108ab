"""Files of trials on any node, copied to an object store.

A trial continues from its copy in the store, wherever it runs next. Before each report of an epoch,
its files are uploaded: first the rows, then the checkpoint. So nothing is reported that could be
lost with a node, and a checkpoint is never ahead of its rows. The journal in the store lags a
little behind; a resumed trial reports again what it missed.

In a long epoch, its checkpoint within the epoch is uploaded as soon as it is written.
"""

import json
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from tune_mc1.config.trial import Trial, trial_defaults
from tune_mc1.errors import StorageError
from tune_mc1.results.directory import BEST, COPIED, LAST, PARTIAL, PREVIOUS, ResultDir
from tune_mc1.results.schema import Row
from tune_mc1.results.store.remote import Remote, retry
from tune_mc1.results.store.scratch_dir import claim_private_dir

Identity = tuple[int, int, int] | None
T = TypeVar("T")

ROWS = "rows.jsonl"
"""File beside a trial's checkpoints: its setting, then all rows that it reported."""

NAMES = (PREVIOUS, LAST, BEST)
"""Checkpoints in upload order: the last one becomes the previous one first."""

WANTED = (*NAMES, PARTIAL, COPIED)
"""Checkpoints from which a trial goes on."""

LOG_S = 30.0
"""Minimum time between two uploads of a log, except for the final one."""

LOG_PATIENCE_S = 5.0

AT_ONCE = 8


class TrialStore:
    """Downloads and uploads the files of a group of trials.

    Args:
        remote: The sweep's folder in the store.
        where: The result directory, or the node's scratch directory.
        trials: The group.
        keep: Whether files stay on the node after the trials.
    """

    def __init__(
        self, remote: Remote, where: ResultDir, trials: Sequence[Trial], *, keep: bool
    ) -> None:
        self.remote, self.where, self.keep = remote, where, keep
        self.trials = {trial.id: trial for trial in trials}
        self._logs: dict[Path, Identity] = {where.log(trial.id): None for trial in trials}
        self._logs_sent = -LOG_S
        self._sent: dict[str, dict[str, Identity]] = {name: {} for name in self.trials}
        self._rows: dict[str, list[Row]] = {name: [] for name in self.trials}
        self._unreported = set(self.trials)

    def fetch(self, names: Sequence[str] = WANTED) -> None:
        """Downloads the files of the trials, replacing those on the node.

        Args:
            names: The checkpoints that are needed.

        Raises:
            StorageError: If the store keeps failing.
            OSError: If the node's disk fails.
        """
        claim_private_dir(self.where.root)
        for folder in (self.where.log("").parent, self.where.checkpoints("")):
            folder.mkdir(exist_ok=True)
        self._of_each(self._fetch_log, self._logs)
        self._of_each(partial(self._fetch, names), self.trials.values())

    def send(self, rows: Sequence[Row]) -> list[Row]:
        """Uploads all files that belong to a report.

        Args:
            rows: The rows that the trials are about to report.

        Returns:
            The rows, preceded by all earlier ones if they are the first of this process.

        Raises:
            StorageError: If the store keeps failing.
        """
        reported = list(rows)
        for row in rows:
            if row["trial"] in self._unreported:
                reported += _before(self._rows[row["trial"]], row)
        self._unreported -= {row["trial"] for row in rows}
        self._of_each(lambda row: retry(lambda: self._send(row)), rows)
        here = {row["trial"]: self.where.checkpoints(row["trial"]) / PARTIAL for row in rows}
        self.forget_partial(trial for trial, file in here.items() if not file.exists())
        if time.monotonic() - self._logs_sent >= LOG_S:
            self._send_logs()
        return sorted(reported, key=lambda row: int(row["epoch"]))

    def send_partial(self, trials: Iterable[str]) -> None:
        """Uploads checkpoints within an epoch, once: the next one replaces what failed.

        Args:
            trials: Ids of the trials, which have just written them.

        Raises:
            StorageError: If the store fails.
            OSError: If the node's disk fails.
        """
        self._of_each(self._send_partial, trials)

    def _send_partial(self, name: str) -> None:
        file, sent = self.where.checkpoints(name) / PARTIAL, self._sent[name]
        if not sent:
            self._write_rows(name, self._rows[name])
        now = identity(file)
        self._remote(name).put(file, PARTIAL)
        sent[PARTIAL] = now

    def forget_partial(self, trials: Iterable[str]) -> None:
        """Removes the copies of checkpoints within epochs that are over, or whose trials are."""
        self._of_each(self._delete_partial, [t for t in trials if PARTIAL in self._sent[t]])

    def _delete_partial(self, name: str) -> None:
        with suppress(StorageError):  # nobody takes up that of another epoch
            self._remote(name).delete(PARTIAL)
        del self._sent[name][PARTIAL]

    def close(self) -> None:
        """Uploads the final logs, and removes files that are kept in the store only."""
        with suppress(StorageError):  # a log is not a result
            retry(self._send_logs, LOG_PATIENCE_S)
        self.release(list(self.trials))

    def release(self, trials: Iterable[str]) -> None:
        """Lets go of trials, and removes their files if they are kept in the store only.

        A trial that was paused may already go on in another process of this node, which has
        replaced its files by then.
        """
        for name in trials:
            self.trials.pop(name, None)
            last = identity(self.where.checkpoints(name) / LAST)
            if not self.keep and last in (None, self._sent[name].get(LAST)):
                shutil.rmtree(self.where.checkpoints(name), ignore_errors=True)

    def _of_each(self, task: Callable[[T], None], values: Iterable[T]) -> None:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(task, values))

    def _fetch(self, names: Sequence[str], trial: Trial) -> None:
        folder = self.where.checkpoints(trial.id)
        remote = self._remote(trial.id)
        there = retry(remote.files)
        if not {LAST, PARTIAL, COPIED} & there.keys():
            return
        lines = retry(lambda: remote.read(ROWS)).splitlines() if ROWS in there else ()
        if not self._is_of(trial, lines):
            shutil.rmtree(folder, ignore_errors=True)
            for name in there:
                retry(partial(remote.delete, name))
            return
        folder.mkdir(exist_ok=True)
        for name in names:
            if name not in there:
                (folder / name).unlink(missing_ok=True)
                continue
            retry(partial(remote.get, name, folder / name))
            self._sent[trial.id][name] = identity(folder / name)

    def _is_of(self, trial: Trial, lines: Sequence[bytes]) -> bool:
        """Loads a trial's earlier rows and returns True, if they belong to its setting.

        A Bayesian search that lost a part of its journal may reuse a trial's id for another one. In
        a population settings change; the files of a trial that has copied another one are its own.
        """
        if not lines:  # it diverged in its first epoch, and goes on with a copy
            return trial.copied_after is not None
        setting, *rows = (json.loads(line) for line in lines)
        same = trial_defaults() | setting | {"epochs": 0} == _setting(trial) | {"epochs": 0}
        if trial.copied_after is None and not same:
            return False
        self._rows[trial.id] = rows
        return True

    def _send(self, row: Row) -> None:
        """Uploads the rows of a trial, then its new checkpoints."""
        name = row["trial"]
        folder, remote, sent = self.where.checkpoints(name), self._remote(name), self._sent[name]
        rows = [*_before(self._rows[name], row), row]
        if rows != self._rows[name] or not sent:
            self._write_rows(name, rows)
        for file in NAMES:
            now = identity(folder / file)
            if now is None or now == sent.get(file):
                continue
            twin = next((other for other in NAMES if sent.get(other) == now), None)
            if twin is None:
                remote.put(folder / file, file)
            else:
                remote.copy(twin, file)
            sent[file] = now
        if COPIED in sent:  # taken up for good, as the store has the epoch after it
            remote.delete(COPIED)
            del sent[COPIED]

    def _write_rows(self, name: str, rows: list[Row]) -> None:
        lines = [_setting(self.trials[name]), *rows]
        text = "".join(json.dumps(line) + "\n" for line in lines)
        self._remote(name).write(ROWS, text.encode())
        self._rows[name] = rows

    def _fetch_log(self, log: Path) -> None:
        with suppress(FileNotFoundError):
            before = retry(lambda: self.remote.read(f"logs/{log.name}"))
            if not log.exists() or log.stat().st_size < len(before):
                log.write_bytes(before)

    def _send_logs(self) -> None:
        self._of_each(self._send_log, self._logs)
        self._logs_sent = time.monotonic()

    def _send_log(self, log: Path) -> None:
        now = identity(log)
        if now is not None and now != self._logs[log]:
            self.remote.put(log, f"logs/{log.name}")
        self._logs[log] = now

    def _remote(self, trial: str) -> Remote:
        return self.remote.child(f"checkpoints/{trial}")


def identity(path: Path) -> Identity:
    """Identity of a file, which changes when it is replaced; hard links are equal."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


def _setting(trial: Trial) -> dict[str, Any]:
    return {**trial.config.values, "fold": trial.fold}


def _before(rows: Sequence[Row], row: Row) -> list[Row]:
    return [earlier for earlier in rows if earlier["epoch"] < row["epoch"]]
