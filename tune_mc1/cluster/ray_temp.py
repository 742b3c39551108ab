"""Temporary directory of our own Ray."""

import hashlib
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

LONGEST_TEMP = 40
"""Maximum length of the temporary directory's path: Ray keeps sockets below it, whose paths must
be short."""


def temp_dir(root: Path) -> Path:
    """Directory for the files of a sweep's own Ray, with a stable and short name."""
    parent = tempfile.gettempdir()
    if len(parent) > LONGEST_TEMP:
        parent = "/tmp"
    name = hashlib.sha256(f"{os.getuid()} {root}".encode()).hexdigest()[:10]
    path = Path(parent) / f"tune_mc1-{name}"
    if path.exists() and (path.is_symlink() or path.stat().st_uid != os.getuid()):
        return Path(tempfile.mkdtemp(prefix="tune_mc1-", dir=parent))
    return path


def remove(folder: Path) -> None:
    """Removes a directory that exiting processes may still write to."""
    for _ in range(20):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        with suppress(InterruptedError):
            time.sleep(0.1)
