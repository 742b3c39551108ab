"""Locks among processes, which the system takes back when their holder is gone, however it goes."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP)


@contextmanager
def locked(path: Path, *, wait: bool) -> Iterator[None]:
    """Holds a file until the block ends, or the process does.

    Among machines that share the file it holds where their file system has locks (NFS, Lustre with
    `flock`). On one without any the block runs as if nobody else were there.

    Args:
        path: The file, made if it is not there. What it holds stays.
        wait: Whether to wait for another process that holds it.

    Raises:
        BlockingIOError: If another process holds it.
        OSError: If it cannot be opened for writing.
    """
    from filelock import Timeout, UnixFileLock  # loaded where something is locked

    # `preserve_lock_file`: no file of another kind instead, which would outlive its holder
    lock = UnixFileLock(path, timeout=-1 if wait else 0, preserve_lock_file=True)
    try:
        lock.acquire()
    except Timeout:
        raise BlockingIOError(errno.EWOULDBLOCK, "another process holds it", str(path)) from None
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    try:
        yield
    finally:
        lock.release()
