"""Where the results of a plan go: checked, created, and removed again if nothing has begun."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tune_mc1.files import directory_name
from tune_mc1.interruption import Interruption
from tune_mc1.planning.plan import Plan
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.store.local_copy import RESULTS_DIR, new_result_dir, remote_of
from tune_mc1.results.store.probe import checked_place
from tune_mc1.results.store.remote import Remote


def place_of(plan: Plan, output: Path | None) -> tuple[Path | Remote, str]:
    """Location for results and the field that names it; checked for a new sweep."""
    if plan.directory is not None:
        there = remote_of(ResultDir(plan.directory)) or plan.directory
        return there, "--resume"
    place = output or plan.sweep.storage or RESULTS_DIR
    field = "-o" if output else "storage" if plan.sweep.storage else str(RESULTS_DIR)
    parent = checked_place(place, field)
    if isinstance(parent, Remote):
        checked_place(RESULTS_DIR, str(RESULTS_DIR))
    return parent, field


@contextmanager
def result_dir_of(
    plan: Plan, parent: Path | Remote, interruption: Interruption
) -> Iterator[tuple[ResultDir, Remote | None]]:
    """The result directory, and its folder in an object store.

    For a new sweep it is created, and removed again if the sweep did not start.
    """
    if plan.directory is not None:
        where = ResultDir(plan.directory)
        yield where, remote_of(where)
        return
    above = RESULTS_DIR if isinstance(parent, Remote) else parent
    was_there = above.exists()
    where, remote = new_result_dir(parent, directory_name(plan.sweep.name or "sweep"))

    def forget() -> None:
        if where.journal.exists():
            return
        shutil.rmtree(where.root, ignore_errors=True)
        if not was_there:
            with suppress(OSError):  # another sweep may have begun there
                where.root.parent.rmdir()

    interruption.exit_hooks.append(forget)
    try:
        yield where, remote
    finally:
        forget()
