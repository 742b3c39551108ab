"""Files of a program's trial on any node, copied to an object store while the program runs.

A trial goes on from its copy in the store, wherever it runs next: with the checkpoint directory
that its program kept, the logs that belong to it, and its output. What a program has logged is
uploaded before the checkpoint that it saved after, so a checkpoint is never ahead of its rows.
"""

import json
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from tune_mc1.config.program_trial import ProgramTrial
from tune_mc1.errors import StorageError
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.store.kept_files import Files, KeptFiles, files_in
from tune_mc1.results.store.remote import PATIENCE_S, Remote, retry
from tune_mc1.results.store.scratch_dir import claim_private_dir
from tune_mc1.results.store.shared_dir import check_shared
from tune_mc1.results.store.snapshot import take_snapshot
from tune_mc1.results.store.trial_store import Identity, identity

SETTING = "setting.json"
"""Object beside a program's files: the trial's parameters."""

INTERVAL_S, LONGEST_S = 2.0, 30.0
"""Minimum time between two rounds, and its maximum: it grows with the duration of a round."""

FLUSH_S = 0.5
"""Seconds until W&B has written all that was logged before a checkpoint."""


@contextmanager
def program_files_of(
    trial: ProgramTrial, root: Path, remote: Remote | None, *, keep: bool
) -> Iterator["ProgramStore | None"]:
    """Provides a trial's files on this node, and keeps their copies in an object store up to date.

    Args:
        trial: The trial.
        root: The result directory, or the node's scratch directory.
        remote: The sweep's folder in the store; None if all nodes share the directory.
        keep: Whether files stay on the node after the trial.

    Yields:
        The uploader; None for a shared directory.

    Raises:
        StorageError: If this node does not share the directory, or the object store fails.
    """
    where = ResultDir(root)
    if remote is None:
        check_shared(where)
        yield None
        return
    store = ProgramStore(remote, where, trial, keep=keep)
    store.fetch()
    store.start()
    try:
        yield store
    except BaseException:
        with suppress(StorageError):  # the first error matters more
            store.close()
        raise
    store.close()


class ProgramStore:
    """Downloads and uploads the files of one trial.

    Args:
        remote: The sweep's folder in the store.
        where: The result directory, or the node's scratch directory.
        trial: The trial.
        keep: Whether files stay on the node after the trial.
    """

    def __init__(
        self, remote: Remote, where: ResultDir, trial: ProgramTrial, *, keep: bool
    ) -> None:
        self._remote, self._where, self._trial, self._keep = remote, where, trial, keep
        self._checkpoint = where.checkpoints(trial.id)
        self._folder = where.program_files(trial.id)
        self._files = remote.child(f"programs/{trial.id}")
        self._kept = KeptFiles(remote.child(f"checkpoints/{trial.id}"), self._checkpoint)
        self._sent: dict[str, Identity] = {}
        self._log_sent: Identity = None
        self._copies = self._checkpoint.with_name(f".{trial.id}")
        self._snapshot = time.monotonic()
        self._reachable = time.monotonic()
        self._failure: StorageError | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def fetch(self) -> None:
        """Gets what the trial goes on from, unless this directory is ahead of the store.

        Raises:
            StorageError: If the store keeps failing.
            OSError: If the node's disk fails.
        """
        claim_private_dir(self._where.root)
        self._claim()
        log = self._where.log(self._trial.id)
        log.parent.mkdir(exist_ok=True)
        with suppress(FileNotFoundError):
            before = retry(lambda: self._remote.read(f"logs/{log.name}"))
            if not log.exists() or log.stat().st_size < len(before):
                log.write_bytes(before)
        stored, here = self._kept.find(), files_in(self._checkpoint)
        if self._keep and here:
            if {n: f.size for n, f in here.items()} == {n: f.size for n, f in stored.items()}:
                self._kept.restore_times()
                return
            if _newest(here) >= _newest(stored):
                return
        if not self._keep:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._kept.fetch()
        if stored:
            self._fetch_logged()

    def start(self) -> None:
        """Starts to upload, in a thread."""
        self._thread.start()

    def check(self) -> None:
        """Raises StorageError if the store has been failing for too long."""
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """Uploads all that the store lacks, and removes files that are kept in the store only.

        Raises:
            StorageError: If the store keeps failing.
        """
        self._ended.set()
        self._thread.join()
        retry(self.send_all)
        if not self._keep:
            for folder in (self._checkpoint, self._folder):
                shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(self._copies, ignore_errors=True)

    def send_all(self) -> None:
        """Uploads all that the store lacks, after the program's end.

        Raises:
            StorageError: If the store fails.
        """
        self._send_logged(last=True)
        self._kept.send(files_in(self._checkpoint))

    def _claim(self) -> None:
        """Notes the trial's parameters in the store, and removes files of another trial there.

        A Bayesian search that lost a part of its journal may reuse a trial's id for another one.
        """
        values = json.loads(json.dumps(self._trial.values))
        with suppress(FileNotFoundError):
            if json.loads(retry(partial(self._files.read, SETTING))) == values:
                return
            for folder in (self._files, self._remote.child(f"checkpoints/{self._trial.id}")):
                for name in retry(folder.files):
                    retry(partial(folder.delete, name))
            for path in (self._checkpoint, self._folder):
                shutil.rmtree(path, ignore_errors=True)
        retry(partial(self._files.write, SETTING, json.dumps(values).encode()))

    def _fetch_logged(self) -> None:
        """Gets what earlier attempts have logged."""
        for name in filter(_is_logged, retry(self._files.files)):
            path = self._folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            retry(partial(self._files.get, name, path))
            self._sent[name] = identity(path)

    def _run(self) -> None:
        pause = INTERVAL_S
        while not self._ended.wait(pause):
            began = time.monotonic()
            try:
                self._round()
                self._reachable = time.monotonic()
            except StorageError as error:
                if time.monotonic() - self._reachable > PATIENCE_S:
                    self._failure = error
            except OSError:  # a file that is being replaced
                pass
            pause = min(max(INTERVAL_S, 3 * (time.monotonic() - began)), LONGEST_S)

    def _round(self) -> None:
        strict = time.monotonic() - self._snapshot < LONGEST_S  # a file may be open all the time
        kept = take_snapshot(self._checkpoint, self._kept.sent, self._copies, strict=strict)
        if kept is not None:
            self._snapshot = time.monotonic()
            self._ended.wait(FLUSH_S)
        self._send_logged()
        if kept is not None:
            self._kept.send(kept, self._copies)

    def _send_logged(self, *, last: bool = False) -> None:
        """Uploads what the program has logged and printed; media and the like only at its end."""
        names = files_in(self._folder)
        for name in names if last else filter(_is_logged, names):
            now = identity(self._folder / name)
            if now is not None and now != self._sent.get(name):
                with suppress(FileNotFoundError):
                    self._files.put(self._folder / name, name)
                    self._sent[name] = now
        for name in self._sent.keys() - names.keys():
            self._files.delete(name)
            del self._sent[name]
        log = self._where.log(self._trial.id)
        now = identity(log)
        if now is not None and now != self._log_sent:
            self._remote.put(log, f"logs/{log.name}")
            self._log_sent = now


def _is_logged(name: str) -> bool:
    """True for what another attempt reads: reports, and the runs' own files."""
    return name.endswith(".wandb") or ("/" not in name and name != SETTING)


def _newest(files: Files) -> int:
    return max((kept.time_ns for kept in files.values()), default=0)
