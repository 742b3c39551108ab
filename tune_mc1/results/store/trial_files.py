"""Files of trials on the node that runs them: in a shared directory, or with an object store."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tune_mc1.config.trial import Trial
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.store.remote import Remote
from tune_mc1.results.store.shared_dir import check_shared
from tune_mc1.results.store.trial_store import WANTED, TrialStore


@contextmanager
def files_of(
    trials: Sequence[Trial],
    root: Path,
    remote: Remote | None,
    names: Sequence[str] = WANTED,
    *,
    keep: bool,
) -> Iterator[TrialStore | None]:
    """Provides the files of trials on this node, and their copies in an object store.

    Args:
        trials: A group.
        root: The result directory, or the node's scratch directory.
        remote: The sweep's folder in the store; None if all nodes share the directory.
        names: The checkpoints that are needed.
        keep: Whether files stay on the node after the trials.

    Yields:
        The uploader; None for a shared directory.

    Raises:
        StorageError: If this node does not share the directory, or the object store fails.
    """
    where = ResultDir(root)
    if remote is None:
        check_shared(where)
        yield None
        return
    store = TrialStore(remote, where, trials, keep=keep)
    store.fetch(names)
    try:
        yield store
    finally:
        store.close()
