"""The error tree: every error that a user can cause or meet, each with one clear line.

Nothing here imports torch or Ray, so that a message never waits for them.
"""

import errno
from collections.abc import Iterable
from difflib import get_close_matches


class TuneMc1Error(Exception):
    """Base of all errors raised on purpose. Its text is written for the user."""


class InputError(TuneMc1Error):
    """Bad input: a file, a value, a flag or a data set. The command exits with status 2.

    Args:
        problems: One line per mistake, each `file: path.to.field: rule, got value`.
    """

    def __init__(self, problems: str | Iterable[str]) -> None:
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(self.problems))


class DataError(InputError):
    """An image data set that cannot be used: missing, broken, or of the wrong form."""


class TrialError(TuneMc1Error):
    """A trial that cannot run, with what to change."""


class StorageError(TuneMc1Error):
    """Results cannot be written: the disk is full, gone, or may only be read.

    Every trial would meet it, so it ends the sweep, which can be resumed.
    """

    @classmethod
    def of(cls, path: object, error: OSError) -> "StorageError":
        """The error of a write to `path`."""
        return cls(f"{path}: cannot be written: {error.strerror or error}")


class SweepStopped(BaseException):
    """The sweep ends before its trials do, and can be resumed.

    It is no Exception, as Ray Tune makes text of those instead of letting them through.

    Args:
        reason: Why; None if the user asked for it.
    """

    def __init__(self, reason: str | None = None) -> None:
        self.reason = reason
        super().__init__(reason)


class DivergedError(TuneMc1Error):
    """A trial's loss is no longer finite.

    Args:
        epoch: Epoch in which it happened, from 1.
        step: Optimiser steps done in the whole trial.
        loss: The loss seen (NaN or infinite).
    """

    def __init__(self, epoch: int, step: int, loss: float) -> None:
        self.epoch, self.step, self.loss = epoch, step, loss
        super().__init__(f"loss became {loss} in epoch {epoch}, near step {step}")


DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})
"""Errors that a write to anywhere meets."""

STORAGE_ERRNOS = DISK_FULL.union(
    {
        errno.EACCES,
        errno.EPERM,
        errno.ENOENT,
        errno.ENOTDIR,
        errno.EIO,
        errno.ESTALE,
    }
)
"""Errors of a write that the storage is to blame for, not what was written."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint such as `, did you mean 'momentum'?`; empty if nothing known is near.

    Args:
        name: What the user wrote.
        known: The names that would have been right.
    """
    lower = {k.lower(): k for k in known}
    near = get_close_matches(name.lower(), lower, n=1, cutoff=0.6)
    return f", did you mean {lower[near[0]]!r}?" if near else ""
