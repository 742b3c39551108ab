"""Where requests lie: files in `requests/` of a result directory, or of its folder in a store.

`ID.json` is a request and `ID.answer` its answer, each written whole or not at all. The sweep
removes a request when it has answered it; who reads an answer removes that.
"""

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

from tune_mc1.errors import StorageError
from tune_mc1.files import replacing
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.steering.requests import Answer
from tune_mc1.results.store.remote import Remote

REQUESTS = "requests"
"""Folder of requests and answers."""

REQUEST, ANSWER = ".json", ".answer"
"""Endings of their names."""


def new_id() -> str:
    """Name of a request: they are taken up in the order of their names."""
    return f"{time.time_ns():020d}-{uuid4().hex[:8]}"


def placed_at(name: str) -> int:
    """When a request was placed, in nanoseconds since 1970; 0 if its name does not say it."""
    text = name.partition("-")[0]
    return int(text) if text.isascii() and text.isdigit() else 0


class LocalPlace:
    """Requests in a result directory.

    Args:
        where: The directory.
    """

    def __init__(self, where: ResultDir) -> None:
        self.folder = where.root / REQUESTS

    def put(self, name: str, data: Mapping[str, Any]) -> None:
        """Writes a file of JSON.

        Raises:
            StorageError: If it cannot be written.
        """
        path = self.folder / name
        try:
            self.folder.mkdir(exist_ok=True)
            with replacing(path) as aside:
                aside.write_text(json.dumps(data))
        except OSError as error:
            raise StorageError.of(path, error) from None

    def get(self, name: str) -> Any:
        """Content of a file of JSON; None if there is none, or it is damaged."""
        try:
            return json.loads((self.folder / name).read_text())
        except (OSError, ValueError):
            return None

    def remove(self, name: str) -> None:
        """Removes a file, if it exists."""
        with suppress(OSError):
            (self.folder / name).unlink(missing_ok=True)

    def names(self, ending: str) -> list[str]:
        """Ids of all files with an ending, in order."""
        try:
            found = [path.name for path in self.folder.iterdir()]
        except OSError:
            return []
        return ids_of(found, ending)


class RemotePlace:
    """Requests in a sweep's folder in an object store.

    Every method raises `StorageError` if the store fails.

    Args:
        remote: The folder.
    """

    def __init__(self, remote: Remote) -> None:
        self._remote = remote.child(REQUESTS)

    def put(self, name: str, data: Mapping[str, Any]) -> None:
        """Writes an object of JSON."""
        self._remote.write(name, json.dumps(data).encode())

    def get(self, name: str) -> Any:
        """Content of an object of JSON; None if there is none, or it is damaged."""
        try:
            return json.loads(self._remote.read(name))
        except (FileNotFoundError, ValueError):
            return None

    def remove(self, name: str) -> None:
        """Removes an object, if it exists."""
        self._remote.delete(name)

    def names(self, ending: str) -> list[str]:
        """Ids of all objects with an ending, in order."""
        return ids_of(self._remote.files(check=False), ending)


Place = LocalPlace | RemotePlace


def ids_of(names: Any, ending: str) -> list[str]:
    """Ids of the names with an ending, in order; hidden files are not complete."""
    found = (Path(name).name for name in names)
    return sorted(
        name.removesuffix(ending)
        for name in found
        if name.endswith(ending) and not name.startswith(".")
    )


def answer_data(answer: Answer) -> dict[str, Any]:
    """An answer as plain data."""
    return asdict(answer)
