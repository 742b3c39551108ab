"""Checkpoints that trials of a population copy from each other, here or in an object store."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial

from tune_mc1.errors import StorageError, SweepStopped
from tune_mc1.files import link
from tune_mc1.results.directory import COPIED, LAST, ResultDir
from tune_mc1.results.store.remote import Remote, retry


class CopiedFiles:
    """Puts the checkpoints that trials copy beside their own, before the journal says so.

    With an object store the checkpoints lie there, as each trial uploads its own before it reports.
    A copy is made within the store, and the trial that takes it up fetches it from there.

    Args:
        where: The result directory.
        remote: Its folder in an object store; None without a store.
        publish: Brings the journal in the store up to date.
    """

    def __init__(
        self, where: ResultDir, remote: Remote | None, publish: Callable[[], None]
    ) -> None:
        self._where, self._remote, self._publish = where, remote, publish

    def forget(self, trials: Collection[str]) -> None:
        """Removes copies of trials that are not to take them up.

        Raises:
            SweepStopped: If the store fails.
        """
        for trial in trials:
            (self._where.checkpoints(trial) / COPIED).unlink(missing_ok=True)
        if self._remote is not None and trials:
            folder = self._remote.child("checkpoints")
            names = {f"{trial}/{COPIED}" for trial in trials}
            with _stopping():
                for name in names & retry(lambda: folder.files(check=False)).keys():
                    retry(partial(folder.delete, name))

    def copy(self, trial: str, source: str) -> None:
        """Copies the last checkpoint of another trial beside those of a trial.

        Raises:
            SweepStopped: If it cannot be written.
        """
        if self._remote is not None:
            folder = self._remote.child("checkpoints")
            with _stopping():
                retry(partial(folder.copy, f"{source}/{LAST}", f"{trial}/{COPIED}"))
            return
        folder_here = self._where.checkpoints(trial)
        try:
            folder_here.mkdir(parents=True, exist_ok=True)  # none if it diverged or failed
            link(self._where.checkpoints(source) / LAST, folder_here / COPIED)
        except OSError as error:
            place = error.filename or self._where.checkpoints(source)
            raise SweepStopped(str(StorageError.of(place, error))) from None

    def publish(self) -> None:
        """Makes sure that a resume on another machine knows the exchange before a trial goes on.

        Else it would find checkpoints of settings of which its journal says nothing.

        Raises:
            SweepStopped: If the store fails.
        """
        with _stopping():
            self._publish()


@contextmanager
def _stopping() -> Iterator[None]:
    """Turns a failure of the store into the end of the sweep."""
    try:
        yield
    except StorageError as error:
        raise SweepStopped(str(error)) from None
