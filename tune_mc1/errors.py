"""The error tree: every error that a user can cause or meet, each with one clear line.

Nothing here imports torch or Ray, so that a message never waits for them.
"""

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


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint such as `, did you mean 'momentum'?`; empty if nothing known is near.

    Args:
        name: What the user wrote.
        known: The names that would have been right.
    """
    lower = {k.lower(): k for k in known}
    near = get_close_matches(name.lower(), lower, n=1, cutoff=0.6)
    return f", did you mean {lower[near[0]]!r}?" if near else ""
