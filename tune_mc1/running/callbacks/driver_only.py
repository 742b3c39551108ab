"""For objects that Ray Tune holds but must not take along."""

from typing import Any


class DriverOnly:
    """Pickles as a plain object, without what it holds: open files, a terminal, a process.

    Ray pickles the whole Tuner for `Tuner.restore`, which nothing here uses: a sweep is resumed
    from its own journal and checkpoints.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        """As `object()`."""
        return object, ()
