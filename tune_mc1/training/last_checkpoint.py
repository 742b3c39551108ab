"""Choice of the checkpoint from which a trial continues, even if files are damaged."""

import logging
import zipfile
from pathlib import Path

from tune_mc1.files import link
from tune_mc1.results.directory import BEST, LAST, PREVIOUS
from tune_mc1.training.checkpoints import Checkpoint, read_checkpoint

log = logging.getLogger(__name__)


def epochs_done(directory: Path) -> int:
    """Number of completed epochs, by the last checkpoint; 0 without one.

    A damaged checkpoint is replaced by the newest readable one.
    """
    for name in (LAST, PREVIOUS, BEST):
        path = directory / name
        try:
            epochs = int(read_sound(path)["epoch"]) + 1
        except FileNotFoundError:
            continue
        except Exception as error:  # torch has no specific error for a broken file
            reason = " ".join(str(error).split())
            log.warning("%s is damaged, so the previous one is used: %s", path, reason)
            path.unlink()
            continue
        if name != LAST:
            link(path, directory / LAST)
        return epochs
    return 0


def step_back(directory: Path, epochs: int) -> bool:
    """Goes back one epoch, to the previous checkpoint.

    Args:
        directory: The trial's directory.
        epochs: Number of completed epochs after that.

    Returns:
        True if it succeeded.
    """
    if epochs == 0:
        for name in (LAST, BEST):
            (directory / name).unlink(missing_ok=True)
        return True
    try:
        found = int(read_sound(directory / PREVIOUS)["epoch"]) + 1
    except Exception:  # as in `epochs_done`
        return False
    if found == epochs:
        link(directory / PREVIOUS, directory / LAST)
    return found == epochs


def read_sound(path: Path) -> Checkpoint:
    """An intact checkpoint; torch itself does not verify checksums.

    Raises:
        FileNotFoundError: If there is none.
        Exception: If it is damaged; torch has no specific error for that.
    """
    with zipfile.ZipFile(path) as file:
        damaged = file.testzip()
    if damaged:
        raise zipfile.BadZipFile(f"wrong checksum of {damaged}")
    return read_checkpoint(path)
