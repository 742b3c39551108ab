"""Checkpoints of a user's module: Lightning's own files, loaded as data only."""

import os
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import torch
from lightning.pytorch import Trainer

from tune_mc1.errors import TrialError
from tune_mc1.files import link
from tune_mc1.results.directory import BEST, LAST, PREVIOUS
from tune_mc1.results.schema import Row

_SHOWN = 3

Report = Callable[[Row], bool]
"""Takes the row of an epoch; returns whether the trial is to be stopped."""

NOTICE = "notice"
"""Key of a row with a line for the user, which is said once in a sweep."""

MORE_THAN_DATA = (
    "which is more than data, so that a resume, a retry and the winner's test need "
    "--trust-checkpoint"
)


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


def noticing(report: Report, folder: Path) -> Report:
    """Reports rows, the first one after a checkpoint with a notice if that is more than data.

    Args:
        report: Takes rows.
        folder: The trial's directory of checkpoints.
    """
    looked = False

    def tell(row: Row) -> bool:
        nonlocal looked
        if not looked and (folder / LAST).exists():
            with suppress(OSError, RuntimeError, ValueError):  # damaged; it is written again soon
                unsafe = torch.serialization.get_unsafe_globals_in_checkpoint(folder / LAST)
                looked = True
                if unsafe:
                    row = {**row, NOTICE: f"checkpoints hold {_shown(unsafe)}, {MORE_THAN_DATA}"}
        return report(row)

    return tell


def _shown(unsafe: list[str]) -> str:
    more = f" and {len(unsafe) - _SHOWN} more" if len(unsafe) > _SHOWN else ""
    return f"{', '.join(sorted(unsafe)[:_SHOWN])}{more}"


def check_data_only(path: Path) -> None:
    """Checks that loading a checkpoint runs no code of its own.

    Raises:
        TrialError: If it holds more than tensors and plain data.
    """
    unsafe = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    if unsafe:
        raise TrialError(
            f"{path}: holds {_shown(unsafe)}, and loading it would run "
            "their code; --trust-checkpoint allows it"
        )
