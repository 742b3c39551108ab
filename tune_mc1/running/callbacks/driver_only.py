"""Mixin for objects that Ray Tune must not pickle."""

from typing import Any


class DriverOnly:
    """Pickles as a plain object, without its open files, terminals or processes.

    Ray pickles the whole Tuner for `Tuner.restore`, which nothing here uses: a sweep is resumed
    from its own journal and checkpoints.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles as `object()`."""
        return object, ()
