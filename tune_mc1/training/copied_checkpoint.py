"""A trial that goes on from a copy of another one's checkpoint, with settings of its own.

The copy lies beside the trial's own checkpoints from the moment at which it was decided, so that it
is taken up once, whatever happens to the trial's process before.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from tune_mc1.config.trial import TrialConfig
from tune_mc1.files import link, replacing
from tune_mc1.results.directory import COPIED, LAST, PREVIOUS
from tune_mc1.training.checkpoints import Checkpoint, last_state, read_checkpoint
from tune_mc1.training.optimizers.base import plain_settings
from tune_mc1.training.optimizers.parts import Part

SETTINGS = ("lr", "weight_decay", "momentum")
"""Settings of an optimiser that a trial keeps as its own."""


def take_copy(directory: Path) -> None:
    """Makes the copy in a trial's directory its last checkpoint, if there is one.

    It keeps its own best score, as `best.ckpt` is still its own, and has no row to report again.

    Args:
        directory: Directory of the trial's checkpoints.
    """
    path = directory / COPIED
    if not path.exists():
        return
    own = last_state(directory)
    copied = read_checkpoint(path)
    state = {"best": own["best"], "best_epoch": own["best_epoch"], "row": None}
    copied["callbacks"] = {
        name: {"trials": [state]} if "trials" in known else known
        for name, known in copied["callbacks"].items()
    }
    with replacing(directory / LAST) as aside, aside.open("wb") as file:
        torch.save(copied, file)
    link(directory / LAST, directory / PREVIOUS)  # the one before has other weights
    path.unlink()


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
    for saved, part in zip(optimizer["param_groups"], parts, strict=True):
        of_trials = saved["trials"] if fused else [saved]
        for settings, config, is_copied in zip(of_trials, configs, copied, strict=True):
            if is_copied:
                own = plain_settings(config, part)
                settings.update({n: own[n] for n in SETTINGS if n in own and n in settings})
                settings.pop("initial_lr", None)


def _callbacks(checkpoint: Checkpoint) -> list[dict[str, Any]]:
    return list(checkpoint.get("callbacks", {}).values())
