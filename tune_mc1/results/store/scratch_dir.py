"""Scratch directory of each node of a cluster, for sweeps whose results are in an object store.

Trials use it like the result directory.
"""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from tune_mc1.errors import StorageError
from tune_mc1.results.store.remote import Remote


def claim_private_dir(folder: Path) -> None:
    """Creates a directory that no other user can write to, unless it exists.

    Raises:
        StorageError: If it exists and belongs to another user.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise StorageError(f"{folder}: belongs to another user")


def scratch_dir(remote: Remote) -> Path:
    """Scratch directory of a sweep on each node of a cluster.

    Args:
        remote: The sweep's folder in the store.
    """
    name = hashlib.sha256(f"{os.getuid()} {remote.url}".encode()).hexdigest()[:10]
    return Path(tempfile.gettempdir()) / f"tune_mc1-{name}"


def remove_scratch_dir(folder: Path) -> None:
    """Removes the files that trials left on this node, after the sweep."""
    shutil.rmtree(folder, ignore_errors=True)
