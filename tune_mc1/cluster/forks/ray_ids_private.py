"""Lets Ray be imported before a fork: its forks would give the same ids to different things.

Ray draws its ids from a generator that is seeded when it is used first. An import that draws one,
as that of each class with `@ray.remote` does, leaves all forks with the same generator.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tune_mc1.private_names import PrivateName

CLASS_ID = PrivateName(
    "ray.actor:ActorClassID",
    "draws the ids of remote classes from the system while Ray is imported before a fork",
    "seen in Ray 2.60",
    "each process of a sweep imports Ray for itself: a later start, and more memory",
)
NAMES = (CLASS_ID,)


class _Drawn:
    """The class of these ids, for what defines remote classes."""

    def __init__(self, kind: Any) -> None:
        self._kind = kind

    def from_random(self) -> Any:
        """An id that Ray's generator is not asked for."""
        return self._kind(os.urandom(self._kind.size()))


@contextmanager
def imported_before_forks() -> Iterator[None]:
    """A block that may import Ray, and this process be forked afterwards.

    Raises:
        RuntimeError: If the forks would draw the same ids.
    """
    kind = CLASS_ID.get()
    if kind is not None:
        CLASS_ID.replace(_Drawn(kind))
    try:
        yield
    finally:
        if kind is not None:
            CLASS_ID.replace(kind)
    if _drawn_in_fork() == _drawn_in_fork():
        raise RuntimeError("importing Ray has drawn an id")


def _drawn_in_fork() -> bytes:
    """An id that a fork of this process draws."""
    import ray

    there, here = os.pipe()
    fork = os.fork()
    if not fork:
        try:
            os.write(here, ray.NodeID.from_random().binary())
        finally:
            os._exit(0)
    os.close(here)
    with os.fdopen(there, "rb") as answer:
        drawn = answer.read()
    os.waitpid(fork, 0)
    return drawn
