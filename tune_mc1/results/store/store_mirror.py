"""Copy of a sweep's result directory in an object store, updated while the sweep runs.

The sweep and all readers use the directory on the driver's machine. A thread uploads changed files
and retries failed uploads; a failure only matters if it lasts until the end. Checkpoints and logs
of trials are uploaded by the processes that write them (`tune_mc1.results.store.trial_store`), and
so are the files of programs (`tune_mc1.results.store.program_store`).
"""

import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from tune_mc1.errors import InputError, StorageError, SweepStopped
from tune_mc1.interruption import Interruption
from tune_mc1.results.directory import PREVIOUS, STORAGE_URL, ResultDir
from tune_mc1.results.states import ENDED
from tune_mc1.results.steering.exchange import RequestExchange
from tune_mc1.results.steering.requests import ENDED_LINE
from tune_mc1.results.store.heartbeat import HEARTBEAT_S, RUNNING, beat
from tune_mc1.results.store.kept_files import KeptFiles, files_in
from tune_mc1.results.store.remote import PATIENCE_S, Remote, retry
from tune_mc1.results.store.trial_store import Identity, identity

INTERVAL_S, LONGEST_S = 2.0, 30.0
"""Minimum time between two rounds, and its maximum: it grows with the duration of a round."""

AT_ONCE = 16

TRACKED = ("tensorboard", "loggers")
"""Folders of trackers, which are sent at the end."""

UNFINISHED = ".db-"
"""Part of the names of files that exist while SQLite writes a database."""


@contextmanager
def mirrored(
    where: ResultDir,
    remote: Remote | None,
    notify: Callable[[str], None],
    interruption: Interruption,
) -> Iterator[Callable[[], None]]:
    """Keeps the copy of a sweep's directory up to date inside the block, and completes it after.

    Args:
        where: The directory.
        remote: Its folder in the store; None to keep no copy.
        notify: Called with each notice for the user.
        interruption: Limits the time for the final upload.

    Yields:
        Uploads the journal at once, for what must not begin before the store knows of it.

    Raises:
        SweepStopped: If the copy is incomplete at the end and the block itself raised nothing.
    """
    if remote is None:
        yield lambda: None
        return
    mirror = StoreMirror(where, remote, notify)
    mirror.start()
    try:
        yield mirror.publish
    except BaseException:
        if reason := _finish(mirror, interruption):
            notify(reason)
        raise
    if reason := _finish(mirror, interruption):
        raise SweepStopped(reason)


def _finish(mirror: "StoreMirror", interruption: Interruption) -> str | None:
    """Uploads the rest; returns the reason if that failed."""
    ended: list[str] = []
    cut: list[str] = []
    with suppress(InputError):  # no results yet
        tables = mirror.where.read()
        ended += (t for t, row in tables.trials.items() if row["state"] in ENDED)
        if tables.of_program:
            cut += (t for t, row in tables.trials.items() if row["state"] == "interrupted")
    try:
        mirror.finish(ended, min(PATIENCE_S, interruption.seconds_left / 2), cut)
    except StorageError as error:
        return f"{error}; all results are in {mirror.where.root}"
    return None


class StoreMirror:
    """Uploads a result directory.

    Args:
        where: The directory.
        remote: Its folder in the store.
        notify: Called, from any thread, with each notice for the user.
    """

    def __init__(self, where: ResultDir, remote: Remote, notify: Callable[[str], None]) -> None:
        self.where, self.remote, self.notify = where, remote, notify
        self._sent: dict[Path, Identity] = {}
        self._requests = RequestExchange(where, remote)
        self._last_beat = -HEARTBEAT_S
        self._failing = False
        self._ended = threading.Event()
        self._sending = threading.Lock()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def publish(self) -> None:
        """Uploads the journal, in whichever thread.

        Raises:
            StorageError: If the store keeps failing.
        """
        retry(lambda: self._send([self.where.journal]))

    def finish(
        self, ended: Collection[str], timeout_s: float = PATIENCE_S, cut: Collection[str] = ()
    ) -> None:
        """Uploads all that the store lacks, after the last write.

        Args:
            ended: Ids of ended trials, whose previous checkpoint is no longer needed.
            timeout_s: Time for retries while the store fails, in seconds.
            cut: Ids of a program's interrupted trials, whose processes are gone.

        Raises:
            StorageError: If the store fails throughout; the directory has everything.
        """
        end = time.monotonic() + timeout_s
        self._ended.set()
        self._thread.join(timeout_s)
        retry(lambda: self._send_all(ended), end - time.monotonic())
        for trial in cut:
            retry(partial(self._send_kept, trial), end - time.monotonic())

    def _run(self) -> None:
        pause = 0.0
        while not self._ended.wait(pause):
            began = time.monotonic()
            try:
                self._round()
                if self._failing:
                    self.notify(f"{self.remote.url}: is reachable again")
                self._failing = False
            except StorageError as error:
                if not self._failing:
                    self.notify(
                        f"{error}; results stay in {self.where.root} and are uploaded later"
                    )
                self._failing = True
            pause = min(max(INTERVAL_S, 20 * (time.monotonic() - began)), LONGEST_S)

    def _round(self) -> None:
        if time.monotonic() - self._last_beat >= HEARTBEAT_S:
            beat(self.remote)
            self._last_beat = time.monotonic()
        self._requests.move()
        self._send(self.where.root.iterdir())

    def _send_all(self, ended: Collection[str]) -> None:
        self._requests.close(ENDED_LINE)
        there = self.remote.files()
        self._send(self.where.root.iterdir())
        tracked = [self.where.root / name for name in TRACKED]
        own = (self.where.root / "logs", self.where.wandb, self.where.program_files(""))
        for folder in own:
            self._send(
                path
                for path in folder.rglob("*")
                if (entry := there.get(self._name(path))) is None
                or entry.size != path.stat().st_size
            )
        gone = [f"checkpoints/{trial}/{PREVIOUS}" for trial in ended]
        for folder in tracked:
            self._send(folder.rglob("*"))  # a database may change without growing
            old = (name for name in there if name.startswith(f"{folder.name}/"))
            gone += [name for name in old if self._was_replaced(name)]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(self.remote.delete, {RUNNING, *gone}.intersection(there)))

    def _was_replaced(self, name: str) -> bool:
        """Whether a resumed sweep has written the folder of a tracker's file anew, without it.

        What another tracker has left in the store, or this one did not get to, stays there.
        """
        path = self.where.root / name
        return path.parent.is_dir() and path.parent.name != "loggers" and not path.exists()

    def _send_kept(self, trial: str) -> None:
        """Uploads what a program kept on this machine before it was interrupted."""
        if files := files_in(self.where.checkpoints(trial)):
            kept = KeptFiles(
                self.remote.child(f"checkpoints/{trial}"), self.where.checkpoints(trial)
            )
            kept.find()
            kept.send(files)

    def _send(self, paths: Iterable[Path]) -> None:
        """Uploads new and changed files."""
        for path in paths:
            name = path.name
            hidden = name.startswith(".") or name == STORAGE_URL or UNFINISHED in name
            if hidden or path.is_symlink() or not path.is_file():
                continue
            with self._sending, suppress(FileNotFoundError):  # replaced just now
                now = identity(path)
                if now != self._sent.get(path):
                    self.remote.put(path, self._name(path))
                    self._sent[path] = now

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self.where.root))
