"""Asking a running sweep for something: the request is placed, and the answer awaited.

The process that runs the sweep alone writes its journal; it takes requests up between two steps.
"""

import time
from dataclasses import dataclass
from pathlib import Path

from tune_mc1.errors import InputError
from tune_mc1.files import as_url
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.resume_command import resume_command
from tune_mc1.results.running_process import beating, elsewhere, holder_of, is_running
from tune_mc1.results.status import status_of
from tune_mc1.results.steering.ended import mark_ended
from tune_mc1.results.steering.place import (
    ANSWER,
    REQUEST,
    LocalPlace,
    Place,
    RemotePlace,
    new_id,
)
from tune_mc1.results.steering.requests import Add, Answer, Note, Pin, Request, to_data
from tune_mc1.results.store.local_copy import remote_named, remote_of

WAIT_S, STORE_WAIT_S = 8.0, 60.0
"""Seconds to wait for an answer: in a directory, and through an object store."""

_LOOK_S, _STORE_LOOK_S = 0.1, 2.0


@dataclass(frozen=True)
class Placed:
    """A request that a running sweep has yet to answer.

    Attributes:
        id: Its name.
        place: Where it lies.
        wait_s: Seconds within which the answer usually comes.
    """

    id: str
    place: Place
    wait_s: float = WAIT_S

    def answer(self) -> Answer | None:
        """The answer, which is removed when it was read; None as long as there is none.

        Raises:
            StorageError: If the store fails.
        """
        data = self.place.get(f"{self.id}{ANSWER}")
        if data is None:
            return None
        self.place.remove(f"{self.id}{ANSWER}")
        return Answer(data["state"], data["line"])


def place(source: Path | str | ResultDir, request: Request) -> Placed:
    """Places a request, for a sweep that runs.

    Args:
        source: The result directory, or its URL in an object store.
        request: The request.

    Raises:
        InputError: If the request is not valid, the source is no result directory, or no process
            runs its sweep; the message says how to resume it.
        StorageError: If the request cannot be written.
    """
    request.check()
    where, found = _place_of(source, request)
    placed = Placed(new_id(), found, WAIT_S if where else STORE_WAIT_S)
    found.put(f"{placed.id}{REQUEST}", to_data(request))
    return placed


def ask(
    source: Path | str | ResultDir,
    request: Request,
    *,
    wait_s: float | None = None,
) -> Answer:
    """Asks a running sweep for something, and waits for its answer.

    Trials of a sweep that does not run can be pinned and noted too.

    Args:
        source: The result directory, or its URL in an object store.
        request: The request.
        wait_s: Maximum seconds to wait; None for `WAIT_S`, or `STORE_WAIT_S` through a store.

    Returns:
        The answer; its state is `waiting` if there was none in time.

    Raises:
        InputError: As for `place`.
        StorageError: If the request cannot be written, or the answer not be read.
    """
    if isinstance(request, Pin | Note):
        where = _directory(source)
        if where is not None and not is_running(where):
            request.check()
            return mark_ended(where, request)
    placed = place(source, request)
    limit = placed.wait_s if wait_s is None else wait_s
    end = time.monotonic() + limit
    look_s = _LOOK_S if isinstance(placed.place, LocalPlace) else _STORE_LOOK_S
    while (answer := placed.answer()) is None:
        if time.monotonic() >= end:
            return Answer("waiting", f"no answer within {limit:g} s; the request stays in place")
        time.sleep(min(look_s, max(0.0, end - time.monotonic())))
    return answer


def _place_of(source: Path | str | ResultDir, request: Request) -> tuple[ResultDir | None, Place]:
    """Where the process that runs the sweep looks for requests; the directory if it is that."""
    where = _directory(source)
    if where is None:
        remote = remote_named(str(source), request.ask)
        if beating(remote) is None:
            instead = f"resume it: python -m tune_mc1 sweep METHOD --resume {remote.url}"
            raise InputError(f"{remote.url}: no sweep runs here; {instead}")
        return None, RemotePlace(remote)
    if holder_of(where) is not None:
        return where, LocalPlace(where)
    store = remote_of(where)
    if store is not None and elsewhere(where, store):
        return None, RemotePlace(store)
    raise InputError(f"{where.root}: no sweep runs here; {_instead(where, request)}")


def _directory(source: Path | str | ResultDir) -> ResultDir | None:
    """The result directory; None for a URL.

    Raises:
        InputError: If it is none.
    """
    if not isinstance(source, ResultDir) and as_url(source):
        return None
    where = source if isinstance(source, ResultDir) else ResultDir(Path(source))
    if not where.journal.exists() and holder_of(where) is None:  # not a sweep that just begins
        where.read()  # which says what is wrong
    return where


def _instead(where: ResultDir, request: Request) -> str:
    """What to do with a sweep that does not run."""
    tables = where.read()
    command = resume_command(where, tables)
    if status_of(where, tables, alive=False) != "finished":
        return f"resume it: {command}"
    if isinstance(request, Add) and tables.metadata.get("method") != "grid":
        settings = len({row["config_hash"] for row in tables.trials.values()})
        return f"it has finished, and can go on with more: {command} -n {settings + request.more}"
    return "it has finished"
