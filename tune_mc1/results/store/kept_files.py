"""Checkpoint directory of a program's trial in an object store, always whole.

A program writes any files at any time, and its node may be lost while they are uploaded. Changed
files therefore go to the subfolder `NEW` first. The list of all files is written there last; from
then on the new state counts, and the files are moved to their own names within the store. Who finds
such a list finishes the move; what a lost node left without one is ignored.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tune_mc1.errors import StorageError
from tune_mc1.results.store.remote import Remote, retry

LIST, NEW = ".kept.json", ".new"
"""Object with size and time of every file, and subfolder of files that are being replaced."""

AT_ONCE = 8


class Kept(NamedTuple):
    """A file: its size in bytes, and its modification time in nanoseconds by its node's clock."""

    size: int
    time_ns: int


Files = dict[str, Kept]
"""Files of a directory by their names relative to it."""


def files_in(folder: Path) -> Files:
    """The files of a directory and of those below it."""
    found: Files = {}
    for path in folder.rglob("*"):
        try:
            if path.is_file():
                stat = path.stat()
                found[path.relative_to(folder).as_posix()] = Kept(stat.st_size, stat.st_mtime_ns)
        except OSError:  # replaced just now
            continue
    return found


class KeptFiles:
    """The store's copy of one trial's checkpoint directory.

    Args:
        remote: The trial's folder in the store.
        folder: The directory on this node.
    """

    def __init__(self, remote: Remote, folder: Path) -> None:
        self._remote, self._folder = remote, folder
        self._sent: Files = {}
        self._moving = False

    def find(self) -> Files:
        """The files that the store has; a replacement that was cut off is finished.

        Raises:
            StorageError: If the store keeps failing.
        """
        there = retry(self._remote.files)
        if f"{NEW}/{LIST}" in there:
            files, changed = _read(retry(partial(self._remote.read, f"{NEW}/{LIST}")))
            retry(partial(self._move, files, changed))
        elif LIST in there:
            self._sent, _ = _read(retry(partial(self._remote.read, LIST)))
        return self._sent

    def fetch(self) -> None:
        """Makes the directory equal to the store's copy, with the times of its files.

        Raises:
            StorageError: If the store keeps failing.
            OSError: If the node's disk fails.
        """
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        _each(self._fetch_one, self._sent)
        self.restore_times()

    def _fetch_one(self, name: str) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        retry(partial(self._remote.get, name, path))

    def restore_times(self) -> None:
        """Gives the directory's files the times that they had where they were written."""
        for name, kept in self._sent.items():
            os.utime(self._folder / name, ns=(kept.time_ns, kept.time_ns))

    @property
    def sent(self) -> Files:
        """The files that the store has, as far as is known."""
        return self._sent

    def send(self, files: Files, copies: Path | None = None) -> None:
        """Makes the store's copy equal to the directory, unless that changes meanwhile.

        Args:
            files: The directory's files.
            copies: Directory with copies of those that the store lacks; None takes them from the
                directory itself.

        Raises:
            StorageError: If the store fails.
        """
        if self._moving:
            self.find()
        if files == self._sent:
            return
        changed = {name for name, kept in files.items() if self._sent.get(name) != kept}
        try:
            source = copies or self._folder
            _each(lambda name: self._remote.put(source / name, f"{NEW}/{name}"), changed)
        except FileNotFoundError:
            return
        if copies is None and files_in(self._folder) != files:
            return
        self._moving = True
        self._remote.write(f"{NEW}/{LIST}", _written(files, changed))
        self._move(files, changed)

    def _move(self, files: Files, changed: Iterable[str]) -> None:
        """Puts uploaded files in their places, and removes those that are gone."""
        _each(lambda name: self._remote.copy(f"{NEW}/{name}", name), changed)
        self._remote.write(LIST, _written(files))
        self._remote.delete(f"{NEW}/{LIST}")
        self._sent, self._moving = dict(files), False
        _each(self._remote.delete, self._remote.files().keys() - files.keys() - {LIST})


def _each(task: Callable[[str], None], names: Iterable[str]) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(task, names))


def _written(files: Files, changed: Iterable[str] = ()) -> bytes:
    return json.dumps({"files": files, "changed": sorted(changed)}).encode()


def _read(content: bytes) -> tuple[Files, list[str]]:
    try:
        found = json.loads(content)
        return {name: Kept(*fields) for name, fields in found["files"].items()}, found["changed"]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StorageError(f"the list of a trial's kept files is damaged: {error!r}") from None
