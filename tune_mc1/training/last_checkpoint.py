"""Which checkpoint a trial goes on from, after whatever befell its files."""

import logging
import zipfile
from pathlib import Path

from tune_mc1.results.directory import BEST, LAST, PREVIOUS
from tune_mc1.training.checkpoints import link, read_checkpoint

log = logging.getLogger(__name__)


def epochs_done(directory: Path) -> int:
    """Epochs that a trial has behind it, by its last checkpoint; 0 without one.

    A damaged one is replaced by the newest that can be read.
    """
    for name in (LAST, PREVIOUS, BEST):
        path = directory / name
        try:
            epochs = _sound_epochs(path)
        except FileNotFoundError:
            continue
        except Exception as error:  # torch has no error of its own for a broken file
            reason = " ".join(str(error).split())
            log.warning("%s is damaged, so the one before is taken: %s", path, reason)
            path.unlink()
            continue
        if name != LAST:
            link(path, directory / LAST)
        return epochs
    return 0


def step_back(directory: Path, epochs: int) -> bool:
    """Goes back by one epoch, to the checkpoint before the last.

    Args:
        directory: The trial's.
        epochs: Epochs that it is to have behind it.

    Returns:
        Whether it has.
    """
    if epochs == 0:
        for name in (LAST, BEST):
            (directory / name).unlink(missing_ok=True)
        return True
    try:
        found = _sound_epochs(directory / PREVIOUS)
    except Exception:  # as in `epochs_done`
        return False
    if found == epochs:
        link(directory / PREVIOUS, directory / LAST)
    return found == epochs


def _sound_epochs(path: Path) -> int:
    """Epochs of a checkpoint that is whole; torch itself compares no checksums."""
    with zipfile.ZipFile(path) as file:
        damaged = file.testzip()
    if damaged:
        raise zipfile.BadZipFile(f"wrong checksum of {damaged}")
    return int(read_checkpoint(path)["epoch"]) + 1
