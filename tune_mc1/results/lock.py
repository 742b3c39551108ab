"""Lock of a result directory, held by one sweep at a time and released when its process ends."""

import os
import platform
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from tune_mc1 import file_lock
from tune_mc1.errors import InputError, StorageError
from tune_mc1.results.directory import ResultDir


@contextmanager
def locked(where: ResultDir) -> Iterator[None]:
    """Locks the directory until the block or the process ends.

    Raises:
        InputError: If another sweep holds the lock.
        StorageError: If the directory cannot be written to.
    """
    with ExitStack() as held:
        try:
            held.enter_context(file_lock.locked(where.lock, wait=False))
            where.lock.write_text(f"process {os.getpid()} on {platform.node()}\n")
            with suppress(OSError):  # to the nanosecond, for requests that are placed from now on
                now = time.time_ns()
                os.utime(where.lock, ns=(now, now))
        except BlockingIOError:
            holder = where.lock.read_text(errors="replace").strip()
            raise InputError(
                f"{where.root}: a sweep is already running here ({holder}); wait for it or stop it"
            ) from None
        except OSError as error:
            raise StorageError.of(where.lock, error) from None
        yield
