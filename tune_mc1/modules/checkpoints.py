"""Checkpoints of a user's module: Lightning's own files, loaded as data only."""

import os
import zipfile
from contextlib import suppress
from pathlib import Path

import torch
from lightning.pytorch import Trainer

from tune_mc1.errors import TrialError
from tune_mc1.files import link
from tune_mc1.results.directory import BEST, LAST, PREVIOUS

_SHOWN = 3


def save_last(trainer: Trainer, folder: Path, *, improved: bool) -> None:
    """Saves the last checkpoint, in all processes of the trial; it is there whole or not at all.

    Args:
        trainer: The trainer, at the end of an epoch.
        folder: The trial's directory of checkpoints.
        improved: Whether it is the best one too.
    """
    aside = folder / f".{LAST}.tmp"
    trainer.save_checkpoint(aside, weights_only=False)
    if not trainer.is_global_zero:
        return
    with aside.open("rb") as file:
        os.fsync(file.fileno())
    if (folder / LAST).exists():
        link(folder / LAST, folder / PREVIOUS)
    aside.replace(folder / LAST)
    if improved:
        link(folder / LAST, folder / BEST)


def save_best(trainer: Trainer, folder: Path) -> None:
    """Saves the best checkpoint within an epoch, from where a trial does not go on."""
    aside = folder / f".{BEST}.tmp"
    trainer.save_checkpoint(aside, weights_only=False)
    if trainer.is_global_zero:
        aside.replace(folder / BEST)


def last_sound(folder: Path) -> Path | None:
    """The checkpoint from which a trial goes on: the last one that is not damaged; None if none is.

    Args:
        folder: The trial's directory of checkpoints.
    """
    for name in (LAST, PREVIOUS):
        with suppress(OSError, zipfile.BadZipFile), zipfile.ZipFile(folder / name) as file:
            if file.testzip() is None:
                return folder / name
    return None


def check_data_only(path: Path) -> None:
    """Checks that loading a checkpoint runs no code of its own.

    Raises:
        TrialError: If it holds more than tensors and plain data.
    """
    unsafe = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    if unsafe:
        more = f" and {len(unsafe) - _SHOWN} more" if len(unsafe) > _SHOWN else ""
        raise TrialError(
            f"{path}: holds {', '.join(sorted(unsafe)[:_SHOWN])}{more}, and loading it would run "
            "their code; --trust-checkpoint allows it"
        )
