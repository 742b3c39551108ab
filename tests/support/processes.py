"""Processes that this one has started, by them or theirs; any of them may end meanwhile."""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import psutil

Fact = TypeVar("Fact")


def of_descendants(fact: Callable[[psutil.Process], Fact]) -> dict[psutil.Process, Fact]:
    """A fact of each process, such as `psutil.Process.cmdline`; those that have ended have none."""
    found = {}
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            found[process] = fact(process)
    return found
