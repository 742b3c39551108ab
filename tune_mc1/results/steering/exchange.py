"""Requests that come through an object store: brought to the sweep's directory, and answered."""

from tune_mc1.results.directory import ResultDir
from tune_mc1.results.steering.place import (
    ANSWER,
    REQUEST,
    LocalPlace,
    RemotePlace,
    answer_data,
)
from tune_mc1.results.steering.requests import Answer
from tune_mc1.results.store.remote import Remote


class RequestExchange:
    """Moves requests from the store to the directory, and answers back.

    Args:
        where: The directory of the sweep that runs.
        remote: Its folder in the store.
    """

    def __init__(self, where: ResultDir, remote: Remote) -> None:
        self._here, self._there = LocalPlace(where), RemotePlace(remote)
        self._brought: set[str] = set()

    def move(self) -> None:
        """Moves what is there.

        Raises:
            StorageError: If the store fails; it can be called again.
        """
        for name in self._there.names(REQUEST):
            data = self._there.get(f"{name}{REQUEST}")
            if data is not None:
                self._here.put(f"{name}{REQUEST}", data)
                self._brought.add(name)
            self._there.remove(f"{name}{REQUEST}")
        for name in self._brought.intersection(self._here.names(ANSWER)):
            self._there.put(f"{name}{ANSWER}", self._here.get(f"{name}{ANSWER}") or {})
            self._here.remove(f"{name}{ANSWER}")
            self._brought.discard(name)

    def close(self, line: str) -> None:
        """Moves the last answers, and refuses all other requests.

        Args:
            line: Why.

        Raises:
            StorageError: If the store fails; it can be called again.
        """
        refused = answer_data(Answer("refused", line))
        for name in self._there.names(REQUEST):
            self._there.put(f"{name}{ANSWER}", refused)
            self._there.remove(f"{name}{REQUEST}")
        for name in self._brought.intersection(self._here.names(REQUEST)):  # it came too late
            self._here.put(f"{name}{ANSWER}", refused)
            self._here.remove(f"{name}{REQUEST}")
        self.move()
