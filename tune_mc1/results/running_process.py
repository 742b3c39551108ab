"""The process that runs the sweep of a directory: found by the lock, or by signs of life."""

import fcntl
import os
import platform
import re
from dataclasses import dataclass

from tune_mc1.errors import InputError
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.store.heartbeat import check_free
from tune_mc1.results.store.local_copy import remote_of
from tune_mc1.results.store.remote import Remote


@dataclass(frozen=True)
class Holder:
    """The process in the file of a directory's lock.

    Attributes:
        process: Its id.
        node: Its machine.
    """

    process: int
    node: str

    @property
    def is_here(self) -> bool:
        """Whether it is a process of this machine."""
        return self.node == platform.node()


def holder_of(where: ResultDir) -> Holder | None:
    """The process that runs the sweep of a directory; None if none holds its lock."""
    try:
        text = where.lock.read_text(errors="replace").strip()
    except OSError:
        return None
    found = re.fullmatch(r"process (\d+) on (.*)", text)
    if found is None:
        return None
    holder = Holder(int(found[1]), found[2])
    # The lock is tried last, so that this is not in the way of a sweep that starts just now.
    alive = (not holder.is_here or _exists(holder.process)) and _is_locked(where)
    return holder if alive else None


def elsewhere(where: ResultDir, remote: Remote | None) -> str | None:
    """The line that says which process runs the sweep of which a directory is a copy.

    Args:
        where: The directory.
        remote: Its folder in an object store; None without one.

    Returns:
        None if none does.
    """
    if remote is None or where.lock.exists():
        return None
    return beating(remote)


def is_running(where: ResultDir) -> bool:
    """Whether a process runs the sweep of a directory, or of the store of which it is a copy.

    Raises:
        StorageError: If the store fails.
    """
    return holder_of(where) is not None or elsewhere(where, remote_of(where)) is not None


def beating(remote: Remote) -> str | None:
    """The line that says which process runs the sweep of a folder of a store; None if none does.

    Raises:
        StorageError: If the store fails.
    """
    try:
        check_free(remote)
    except InputError as error:
        return str(error)
    return None


def _is_locked(where: ResultDir) -> bool:
    try:
        with where.lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks: by its process alone
        return True
    return False


def _exists(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
