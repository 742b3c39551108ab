"""Files of the W&B runs of a program's trials, in the result directory or its object store."""

from functools import partial
from pathlib import Path

from tune_mc1.programs.trial_run import RUN, run_file
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.schema import Row
from tune_mc1.results.store.local_copy import remote_of
from tune_mc1.results.store.remote import Remote, retry


class RunPlaces:
    """Finds the runs of trials, and downloads them where only the object store has them.

    Args:
        where: The sweep's directory.
    """

    def __init__(self, where: ResultDir) -> None:
        self._where = where
        self._remote = remote_of(where)
        self._stored: set[str] | None = None

    def has(self, row: Row) -> bool:
        """True if a trial has a run.

        Args:
            row: The trial's row.

        Raises:
            StorageError: If the object store fails.
        """
        if not row["attempts"]:
            return False
        if run_file(self._where.program_files(row["trial"])) is not None:
            return True
        if self._remote is None:
            return False
        if self._stored is None:
            self._stored = set(self._remote.files("programs"))
        return f"programs/{row['trial']}/{RUN}" in self._stored

    def file(self, row: Row) -> Path | None:
        """The file of a trial's run, downloaded if necessary; None without one.

        Args:
            row: The trial's row.

        Raises:
            StorageError: If the object store fails.
            OSError: If the disk fails.
        """
        folder = self._where.program_files(row["trial"])
        file = run_file(folder)
        if file is None and self._remote is not None and self.has(row):
            _fetch(self._remote, self._where, row["trial"])
            file = run_file(folder)
        return file


def _fetch(remote: Remote, where: ResultDir, trial: str) -> None:
    """Gets the files of a trial's program, where only the object store has them.

    Args:
        remote: The sweep's folder in the store.
        where: The result directory.
        trial: The trial's id.

    Raises:
        StorageError: If the store keeps failing.
        OSError: If the disk fails.
    """
    files, folder = remote.child(f"programs/{trial}"), where.program_files(trial)
    for name in retry(files.files):
        if not (path := folder / name).exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            retry(partial(files.get, name, path))
