"""One sweep a result directory: a lock that the system takes back when its holder is gone."""

import errno
import fcntl
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager

from tune_mc1.errors import InputError, StorageError
from tune_mc1.results.directory import ResultDir


@contextmanager
def locked(where: ResultDir) -> Iterator[None]:
    """Holds the directory until the block ends, or the process does, however it does.

    Raises:
        InputError: If another sweep holds it.
        StorageError: If it cannot be written to.
    """
    try:
        file = where.lock.open("a+")
    except OSError as error:
        raise StorageError.of(where.lock, error) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                file.seek(0)
                raise InputError(
                    f"{where.root}: a sweep runs here already ({file.read().strip()}); "
                    "wait for it, or end it first"
                ) from None
            # a file system without locks: the sweep goes on, as it would without this module
        file.truncate(0)
        file.write(f"process {os.getpid()} on {platform.node()}\n")
        file.flush()
        yield
