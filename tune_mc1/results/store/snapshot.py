"""Copy of the files that a program keeps, taken while it runs and between two of its writes."""

import shutil
import time
from contextlib import suppress
from pathlib import Path

from tune_mc1.results.store.kept_files import Files, files_in

TRIES, PAUSE_S = 10, 0.1
"""Attempts to find a moment at which nothing is written, and the time between two of them."""

IDLE_NS = 5_000_000_000
"""Age of a file from which on it is not being written, though a process has it open."""


def take_snapshot(folder: Path, known: Files, into: Path, *, strict: bool = True) -> Files | None:
    """Copies the changed files of a directory to another one.

    Args:
        folder: The directory, to which child processes of this one write.
        known: Files that are not copied, as they have not changed.
        into: The directory for copies, which is emptied.
        strict: Whether no process may have a file open that it has just written to.

    Returns:
        All files of the directory at the time of the copies; None if they are equal to the known
        ones, or were written to all the time.
    """
    for attempt in range(TRIES):
        if attempt:
            time.sleep(PAUSE_S)
        files = files_in(folder)
        if files == known:
            return None
        if strict and _being_written(folder, files):
            continue
        shutil.rmtree(into, ignore_errors=True)
        into.mkdir(parents=True)
        with suppress(FileNotFoundError):
            for name in (name for name, kept in files.items() if known.get(name) != kept):
                (into / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(folder / name, into / name)
            if files_in(folder) == files and not (strict and _being_written(folder, files)):
                return files
    return None


def _being_written(folder: Path, files: Files) -> bool:
    import psutil

    young = time.time_ns() - IDLE_NS
    paths = {str((folder / name).resolve()) for name, f in files.items() if f.time_ns > young}
    if not paths:
        return False
    with suppress(psutil.Error):
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                if any(
                    file.path in paths and getattr(file, "mode", "r") != "r"
                    for file in process.open_files()
                ):
                    return True
    return False
