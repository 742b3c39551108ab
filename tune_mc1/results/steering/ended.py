"""Pins and notes of a sweep that does not run: whoever marks a trial writes the journal itself."""

import time

from tune_mc1.errors import InputError, StorageError
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.journal import Journal
from tune_mc1.results.lock import locked
from tune_mc1.results.steering.marks import check_known, mark_event, mark_line
from tune_mc1.results.steering.requests import Answer, Note, Pin
from tune_mc1.results.store.local_copy import compare, remote_of
from tune_mc1.results.store.remote import retry


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
    copied = not where.lock.exists()
    try:
        with locked(where):
            return _mark(where, request)
    finally:
        if copied:  # a copy of results has no lock, which tells it from where the sweep ran
            where.lock.unlink(missing_ok=True)


def _mark(where: ResultDir, request: Pin | Note) -> Answer:
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
