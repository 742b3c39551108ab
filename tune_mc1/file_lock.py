"""File locks between processes; the operating system releases them however their holder ends."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_UNSUPPORTED = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP)


@contextmanager
def locked(path: Path, *, wait: bool) -> Iterator[None]:
    """Holds an exclusive lock on a file until the block or the process ends.

    The lock works between machines that share the file if the file system supports it (NFS, Lustre
    with `flock`). On a file system without locks the block runs unprotected.

    Args:
        path: The file; created if missing, otherwise its content is kept.
        wait: Whether to wait if another process holds the lock.

    Raises:
        BlockingIOError: If another process holds the lock and `wait` is false.
        OSError: If the file cannot be opened for writing.
    """
    from filelock import Timeout, UnixFileLock  # imported only when a lock is needed

    # `preserve_lock_file`: no fallback to a soft lock, whose file would outlive its holder
    lock = UnixFileLock(path, timeout=-1 if wait else 0, preserve_lock_file=True)
    try:
        lock.acquire()
    except Timeout:
        raise BlockingIOError(
            errno.EWOULDBLOCK, "another process holds the lock", str(path)
        ) from None
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
    try:
        yield
    finally:
        lock.release()
