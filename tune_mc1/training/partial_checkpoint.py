"""Whether trials can go on within an epoch, from the `partial.ckpt` that each of them has."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import lightning

from tune_mc1 import __version__
from tune_mc1.config.trial import Trial
from tune_mc1.errors import TrialError
from tune_mc1.results.directory import PARTIAL
from tune_mc1.training.checkpoint_fit import check_fit, with_backbone
from tune_mc1.training.checkpoints import TrialCheckpoints
from tune_mc1.training.last_checkpoint import read_sound
from tune_mc1.training.mid_epoch import MidEpoch
from tune_mc1.training.model_facts import FACTS
from tune_mc1.training.module import ClassifierModule
from tune_mc1.training.trial_log import of_trial

log = logging.getLogger(__name__)


class Place(NamedTuple):
    """A place within an epoch.

    Attributes:
        epoch: The epoch, from 0.
        step: Optimiser steps since the start of the trial.
        steps_per_macro: Optimiser steps of its macro-batches.
    """

    epoch: int
    step: int
    steps_per_macro: int


def place_of(trials: Sequence[Trial], folders: Sequence[Path], done: int) -> Place | None:
    """The place from which all trials of a group go on within an epoch.

    If they cannot, their `partial.ckpt` are removed, as the epoch begins again.

    Args:
        trials: The trials.
        folders: Folders of their checkpoints, in the same order.
        done: Epochs that all of them have completed.

    Returns:
        The place; None if the epoch begins at its start.
    """
    if not any((folder / PARTIAL).exists() for folder in folders):
        return None
    found: set[Place | None] = set()
    for trial, folder in zip(trials, folders, strict=True):
        place, reason = _read(trial, folder / PARTIAL)
        if place is not None and place.epoch != done:  # left from an epoch that was completed
            place = None
        if reason:
            path = folder / PARTIAL
            log.warning("%s is left out: %s", path, reason, extra=of_trial(trial.id))
        found.add(place)
    if len(found) == 1 and None not in found:
        return found.pop()
    if len(found) > 1:
        log.info("epoch %d begins again: the trials were cut off at different places", done + 1)
    for folder in folders:
        (folder / PARTIAL).unlink(missing_ok=True)
    return None


def _read(trial: Trial, path: Path) -> tuple[Place | None, str]:
    """The place of a checkpoint, or why it is not taken; neither if there is none."""
    try:
        checkpoint = read_sound(path)
        (state,) = checkpoint["callbacks"][MidEpoch.__name__]["trials"]
        (facts,) = checkpoint[FACTS]["trials"]
        place = Place(checkpoint["epoch"], checkpoint["global_step"], state["steps_per_macro"])
        versions = (facts["version"], checkpoint["pytorch-lightning_version"])
    except FileNotFoundError:
        return None, ""
    except Exception as error:  # torch has no specific error for a broken file
        return None, f"damaged: {' '.join(str(error).split())}"
    if versions != (__version__, lightning.__version__):
        return None, f"written by tune_mc1 {versions[0]} with Lightning {versions[1]}"
    if _without_length(facts["config"]) != _without_length(trial.config.model_dump(mode="json")):
        return None, "it is of another setting"
    return place, ""


def _without_length(config: dict[str, Any]) -> dict[str, Any]:
    return config | {"epochs": 0}


def fits(files: TrialCheckpoints, module: ClassifierModule) -> bool:
    """Whether the `partial.ckpt` of a group are of its network; if not, they are removed."""
    mine = module.state_dict()
    saved = with_backbone(files.load_checkpoint(PARTIAL)["state_dict"], mine)
    try:
        check_fit(saved, mine, module.configs[0].model)
    except TrialError as error:
        log.warning("the epoch begins again: %s", error)
        files.remove_checkpoint(PARTIAL)
        return False
    return True
