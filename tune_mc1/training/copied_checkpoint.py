"""A trial that goes on from a copy of another one's checkpoint, with settings of its own.

The copy lies beside the trial's own checkpoints from the moment at which it was decided, so that it
is taken up once, whatever happens to the trial's process before.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from tune_mc1.config.trial import TrialConfig
from tune_mc1.errors import TrialError
from tune_mc1.files import replacing
from tune_mc1.results.directory import COPIED, LAST, PREVIOUS
from tune_mc1.training.checkpoints import Checkpoint, last_state
from tune_mc1.training.last_checkpoint import epochs_done, read_sound
from tune_mc1.training.optimizers.base import make_optimizer, plain_settings
from tune_mc1.training.optimizers.parts import Part

SETTINGS = ("lr", "weight_decay", "momentum")
"""Settings of an optimiser that a trial keeps as its own."""

WAIT_S, PAUSE_S = 10.0, 0.2
"""Seconds to wait for a copy that cannot be read, and between two attempts."""


def take_copy(directory: Path, copied_after: int | None, wait_s: float = WAIT_S) -> None:
    """Makes the copy in a trial's directory its last checkpoint, if it has not taken it up yet.

    It keeps its own best score, as `best.ckpt` is still its own, and has no row to report again.
    Weights without the settings that were copied with them would be another trial, so a copy that
    cannot be read is an error; it stays where it is, and so does the trial's own checkpoint.

    Args:
        directory: Directory of the trial's checkpoints.
        copied_after: Epochs after which the trial goes on with the copy; None if with none.
        wait_s: Seconds to wait for a copy that another node has made.

    Raises:
        TrialError: If there is no copy, or only a damaged one.
    """
    if copied_after is None:
        return
    path = directory / COPIED
    done = epochs_done(directory)  # a damaged checkpoint of its own is replaced by the one before
    own = last_state(directory) if done else {"best": None, "best_epoch": None, "row": None}
    taken = done == copied_after and own["row"] is None
    if done > copied_after or taken:
        path.unlink(missing_ok=True)
        return
    copied = _sound_copy(path, wait_s)
    state = {"best": own["best"], "best_epoch": own["best_epoch"], "row": None}
    copied["callbacks"] = {
        name: {"trials": [state]} if "trials" in known else known
        for name, known in copied["callbacks"].items()
    }
    # Its previous checkpoint has other weights; a file of its own, should the last one be damaged.
    for name in (PREVIOUS, LAST):
        with replacing(directory / name) as aside, aside.open("wb") as file:
            torch.save(copied, file)
    path.unlink()


def _sound_copy(path: Path, wait_s: float) -> Checkpoint:
    """The copy, once it can be read: on a network file system it may come late, or in parts."""
    end = time.monotonic() + wait_s
    while True:
        try:
            return read_sound(path)
        except Exception as error:  # torch has no specific error for a broken file
            if time.monotonic() >= end:
                reason = " ".join(str(error).split())
                rule = "the weights that this trial was to go on with cannot be read"
                raise TrialError(f"{path}: {rule}: {reason}") from error
        time.sleep(min(PAUSE_S, wait_s))


def with_own_settings(
    checkpoint: Checkpoint, configs: Sequence[TrialConfig], parts: Sequence[Part], *, fused: bool
) -> None:
    """Gives the optimiser of trials that go on from a copy the settings of their own.

    Args:
        checkpoint: Checkpoint of one trial or of a group, changed in place.
        configs: The parameters of each trial.
        parts: What is trained.
        fused: Whether the checkpoint is that of a group.
    """
    each = (known["trials"] for known in _callbacks(checkpoint) if "trials" in known)
    states: list[dict[str, Any]] = next((some for some in each if "row" in some[0]), [])
    copied = [state["row"] is None for state in states]
    if not any(copied):
        return
    (optimizer,) = checkpoint["optimizer_states"]
    groups = _own_settings(configs, list(parts), fused)
    for saved, group in zip(optimizer["param_groups"], groups, strict=True):
        of_trials = saved["trials"] if fused else [saved]
        for settings, own, is_copied in zip(of_trials, group, copied, strict=True):
            if is_copied:
                settings.update({n: own[n] for n in SETTINGS if n in own and n in settings})
                settings.pop("initial_lr", None)


def _own_settings(
    configs: Sequence[TrialConfig], parts: list[Part], fused: bool
) -> list[list[dict[str, Any]]]:
    """Settings of each trial, for each of PyTorch's groups of its parameters.

    An optimiser may divide a part, as Muon does with matrices and all else.
    """
    if fused:
        return [[plain_settings(config, part) for config in configs] for part in parts]
    (config,) = configs
    groups = make_optimizer(config, parts).state_dict()["param_groups"]
    return [[group] for group in groups]


def _callbacks(checkpoint: Checkpoint) -> list[dict[str, Any]]:
    return list(checkpoint.get("callbacks", {}).values())
