"""Pins and notes of a sweep that does not run: whoever marks a trial writes the journal itself."""

import os
import platform
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from tune_mc1 import file_lock
from tune_mc1.errors import InputError, StorageError
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.journal import Journal
from tune_mc1.results.running_process import holder_of
from tune_mc1.results.steering.marks import check_known, mark_event, mark_line
from tune_mc1.results.steering.requests import Answer, Note, Pin
from tune_mc1.results.store.local_copy import compare, remote_of
from tune_mc1.results.store.remote import retry

PATIENCE_S = 8.0
"""Seconds to wait for others who mark a trial of the same sweep."""

MARKING = "marks of process "
"""What the file of the lock begins with meanwhile."""


def mark_ended(where: ResultDir, request: Pin | Note) -> Answer:
    """Marks a trial of a sweep that does not run, under the lock of its directory.

    Args:
        where: The result directory.
        request: The request.

    Returns:
        The answer, `refused` if there is no such trial, or the sweep's copy in an object store has
        results that this directory lacks.

    Raises:
        InputError: If the sweep has just begun to run.
        StorageError: If the journal cannot be written, or the store fails.
    """
    with ExitStack() as held:
        try:
            held.enter_context(_locked(where))
        except OSError as error:
            raise StorageError.of(where.lock, error) from None
        return _mark(where, request)


@contextmanager
def _locked(where: ResultDir) -> Iterator[None]:
    """Locks the directory, once others who mark its trials have done so.

    The file of the lock does not tell of a sweep meanwhile, which would be sent requests, and then
    is as it was: a copy of results has none, by which it is known that the sweep ran elsewhere.
    """
    end = time.monotonic() + PATIENCE_S
    with ExitStack() as held:
        while True:
            try:
                held.enter_context(file_lock.locked(where.lock, wait=False))
                break
            except BlockingIOError:
                if holder_of(where) is not None or time.monotonic() >= end:
                    raise InputError(f"{where.root}: a sweep has begun to run here") from None
            time.sleep(0.05)
        before = where.lock.read_text(errors="replace")
        where.lock.write_text(f"{MARKING}{os.getpid()} on {platform.node()}\n")
        try:
            yield
        finally:
            with suppress(OSError):
                if before and not before.startswith(MARKING):
                    where.lock.write_text(before)
                else:
                    where.lock.unlink(missing_ok=True)


def _mark(where: ResultDir, request: Pin | Note) -> Answer:
    if not where.journal.exists():  # a new one would hide what the parquet files have
        return Answer("refused", f"{where.journal} is missing, which holds pins and notes")
    try:
        check_known(where.read(), [request.trial])
    except InputError as error:
        return Answer("refused", error.problems[0])
    remote = remote_of(where)
    if remote is not None and compare(where, remote) != "equal":
        return Answer("refused", f"{remote.url} and {where.root} differ; fetch it again")
    try:
        journal = Journal(where.journal)
        journal.write({"time": time.time(), **mark_event(request)})
        journal.close()
    except OSError as error:
        raise StorageError.of(where.journal, error) from None
    if remote is not None:
        retry(lambda: remote.put(where.journal, where.journal.name))
    return Answer("accepted", mark_line(request))
