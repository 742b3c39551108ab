"""Exception hierarchy: every error that a user can cause or encounter, with a one-line message.

Imports neither torch nor Ray, so that errors are reported without delay.
"""

import errno
from collections.abc import Iterable
from difflib import get_close_matches


class TuneMc1Error(Exception):
    """Base class of all deliberate errors. The text is written for the user."""


class InputError(TuneMc1Error):
    """Bad input: a file, a value, a flag or a data set. The command exits with status 2.

    Args:
        problems: One line per mistake, each `file: path.to.field: rule, got value`.
    """

    def __init__(self, problems: str | Iterable[str]) -> None:
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(self.problems))


class DataError(InputError):
    """An unusable image data set: missing, corrupt, or in the wrong format."""


class TrialError(TuneMc1Error):
    """A trial that cannot run; the message says what to change."""


class StorageError(TuneMc1Error):
    """Results cannot be written: the disk is full, missing or read-only.

    Every trial would be affected, so the sweep ends; it can be resumed.
    """

    @classmethod
    def of(cls, path: object, error: OSError) -> "StorageError":
        """Builds the error for a failed write to `path`."""
        return cls(f"{path}: cannot be written: {error.strerror or error}")


class SweepStopped(BaseException):
    """Ends the sweep before its trials are done; it can be resumed.

    Derives from BaseException because Ray Tune turns any Exception into text.

    Args:
        reason: Why the sweep stops; None if the user asked for it.
    """

    def __init__(self, reason: str | None = None) -> None:
        self.reason = reason
        super().__init__(reason)


class DivergedError(TuneMc1Error):
    """A trial's loss is no longer finite.

    Args:
        epoch: Epoch in which it happened, from 1.
        step: Optimiser steps since the start of the trial.
        loss: The loss (NaN or infinite).
    """

    def __init__(self, epoch: int, step: int, loss: float) -> None:
        self.epoch, self.step, self.loss = epoch, step, loss
        super().__init__(f"loss became {loss} in epoch {epoch}, near step {step}")


DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})
"""Error numbers that any write to the same file system would raise."""

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
"""Error numbers of a failed write that are due to the storage, not to the data."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Returns a hint such as `, did you mean 'momentum'?`; empty if no known name is similar.

    Args:
        name: The user's input.
        known: The valid names.
    """
    lower = {k.lower(): k for k in known}
    matches = get_close_matches(name.lower(), lower, n=1, cutoff=0.6)
    return f", did you mean {lower[matches[0]]!r}?" if matches else ""
