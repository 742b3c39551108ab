"""One sweep a result directory: a lock that the system takes back when its holder is gone."""

import os
import platform
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tune_mc1 import file_lock
from tune_mc1.errors import InputError, StorageError
from tune_mc1.results.directory import ResultDir


@contextmanager
def locked(where: ResultDir) -> Iterator[None]:
    """Holds the directory until the block ends, or the process does, however it does.

    Raises:
        InputError: If another sweep holds it.
        StorageError: If it cannot be written to.
    """
    with ExitStack() as held:
        try:
            held.enter_context(file_lock.locked(where.lock, wait=False))
            where.lock.write_text(f"process {os.getpid()} on {platform.node()}\n")
        except BlockingIOError:
            holder = where.lock.read_text(errors="replace").strip()
            raise InputError(
                f"{where.root}: a sweep runs here already ({holder}); wait for it, or end it first"
            ) from None
        except OSError as error:
            raise StorageError.of(where.lock, error) from None
        yield
