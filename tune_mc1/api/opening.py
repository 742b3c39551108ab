"""Opening the results of a sweep: here, or in an object store."""

from pathlib import Path

from tune_mc1.api.sweep import Sweep
from tune_mc1.files import as_url
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.store.local_copy import RESULTS_DIR, fetch, remote_named


def open_sweep(directory: str | Path) -> Sweep:
    """Opens a sweep's results, also while it runs.

    Args:
        directory: A result directory, or its URL in an object store (`s3://...`, `gs://...`,
            `az://...`), whose tables are then downloaded to `results/NAME`; checkpoints follow when
            they are wanted.

    Raises:
        InputError: If it is not a result directory.
        StorageError: If the store fails.
    """
    if as_url(directory):
        remote = remote_named(directory, "open")
        where = ResultDir(RESULTS_DIR / remote.name)
        fetch(remote, where, checkpoints=False)
    else:
        where = ResultDir(Path(directory))
    if not (where.journal.exists() or where.trials.exists()):
        where.read()  # which says what is wrong
    return Sweep(where.root)
