"""Whether a sweep that has not ended runs, and otherwise how it is resumed."""

from collections.abc import Iterator

from tune_mc1.errors import InputError, StorageError
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.resume_command import resume_command
from tune_mc1.results.running_process import holder_of, is_running
from tune_mc1.results.states import ENDED
from tune_mc1.results.status import Status, planned_trials, status_of
from tune_mc1.results.tables import SweepTables


def current_status(where: ResultDir, tables: SweepTables) -> Status:
    """Whether a sweep runs, has finished, or was interrupted.

    Args:
        where: The result directory.
        tables: Its tables.
    """
    if status_of(where, tables, alive=False) == "finished":
        return "finished"  # no object store is asked
    try:
        alive = is_running(where)
    except (InputError, StorageError):  # no network, no credentials, no such bucket any more
        alive = False
    return status_of(where, tables, alive=alive)


def local_status(where: ResultDir, tables: SweepTables) -> Status | None:
    """As `current_status`, by what this machine knows; None if a store would have to be asked.

    Args:
        where: The result directory.
        tables: Its tables.
    """
    status = status_of(where, tables, alive=holder_of(where) is not None)
    copy = where.storage_url.exists() and not where.lock.exists()
    return None if copy and status == "interrupted" else status


def state_lines(where: ResultDir, tables: SweepTables) -> Iterator[str]:
    """The lines about a sweep that has not finished; none of one that has.

    Args:
        where: The result directory.
        tables: Its tables.
    """
    status = current_status(where, tables)
    if status == "finished":
        return
    rows = tables.trials.values()
    ended = sum(row["state"] in ENDED for row in rows)
    total = max(len(rows), planned_trials(where))
    trials = f"{ended} of {total} trials ended" if total else "no trial was planned yet"
    yield f"State: {status}, {trials}"
    if status == "interrupted":
        yield f"Resume: {resume_command(where, tables)}"
