"""What stands in for the result directory on a cluster's nodes, where an object store has results.

Each node has its own. Trials work there as if it were the result directory.
"""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from tune_mc1.errors import StorageError
from tune_mc1.results.store.remote import Remote


def claim_private_dir(folder: Path) -> None:
    """Makes a directory that nobody else can write to, if it is not there.

    Raises:
        StorageError: If it is there and somebody else's.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise StorageError(f"{folder}: belongs to somebody else")


def scratch_dir(remote: Remote) -> Path:
    """What stands in for the result directory on each node of a cluster.

    Args:
        remote: The sweep's folder in the store.
    """
    name = hashlib.sha256(f"{os.getuid()} {remote.url}".encode()).hexdigest()[:10]
    return Path(tempfile.gettempdir()) / f"tune_mc1-{name}"


def remove_scratch_dir(folder: Path) -> None:
    """Removes what trials have left on this node, when the sweep has ended."""
    shutil.rmtree(folder, ignore_errors=True)
