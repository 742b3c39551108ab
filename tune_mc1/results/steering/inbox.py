"""Requests as the process that runs the sweep takes them up, one after the other."""

import time
from collections.abc import Collection, Iterator
from contextlib import suppress

from tune_mc1.errors import InputError, StorageError
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.steering.place import ANSWER, REQUEST, LocalPlace, answer_data, placed_at
from tune_mc1.results.steering.requests import Answer, Request, StopSweep, from_data

POLL_S = 0.25
"""Minimum seconds between two looks for requests."""


class Inbox:
    """Requests to the sweep of a directory.

    Answers that nobody has read since an earlier run are removed. A request to stop that run, which
    was placed before this process took the lock, does not stop this one; other requests that it has
    not answered are taken up.

    Args:
        where: The directory.
        done: Ids of requests that the journal has.
    """

    def __init__(self, where: ResultDir, done: Collection[str] = ()) -> None:
        self._place = LocalPlace(where)
        self._done = dict.fromkeys(done, Answer("accepted", "has been done"))
        self._next = 0.0
        for name in self._place.names(ANSWER):
            self._place.remove(f"{name}{ANSWER}")
        begun = _begun(where)
        for name, request in self._all():
            if isinstance(request, StopSweep) and placed_at(name) < begun:
                self.answer(name, Answer("accepted", "the sweep had ended already"))

    def new(self) -> Iterator[tuple[str, Request]]:
        """Requests to carry out, with their ids, if it is time to look; others are answered."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + POLL_S
        yield from self._all()

    def _all(self) -> Iterator[tuple[str, Request]]:
        for name in self._place.names(REQUEST):
            if name in self._done:  # it has come again
                self.answer(name, self._done[name])
                continue
            try:
                request = from_data(self._place.get(f"{name}{REQUEST}"))
            except InputError as error:
                self.answer(name, Answer("refused", error.problems[0]))
                continue
            yield name, request

    def answer(self, name: str, answer: Answer) -> None:
        """Answers a request, and removes it.

        Args:
            name: Its id.
            answer: The answer.
        """
        self._done[name] = answer
        with suppress(StorageError):  # nothing that the sweep does depends on it
            self._place.put(f"{name}{ANSWER}", answer_data(answer))
        self._place.remove(f"{name}{REQUEST}")

    def close(self, line: str) -> None:
        """Refuses all requests that are left.

        Args:
            line: Why.
        """
        for name, _ in self._all():
            self.answer(name, Answer("refused", line))
        with suppress(OSError):  # somebody has yet to read an answer
            self._place.folder.rmdir()


def _begun(where: ResultDir) -> int:
    """When this process has taken the lock, in nanoseconds since 1970; now without a lock."""
    try:
        return where.lock.stat().st_mtime_ns
    except OSError:
        return time.time_ns()
