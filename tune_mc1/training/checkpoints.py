"""Checkpoints of fused trials: each trial has its own, as if it were alone.

A group's state has a leading trial axis. It is split into plain Lightning checkpoints, one per
trial, and assembled from them again; so a trial can continue alone, or in another group.

A running trial also keeps its previous checkpoint, in case the last one is damaged, and in a long
epoch one within the epoch (`tune_mc1.training.mid_epoch`).
"""

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins import CheckpointIO
from torch import Tensor

from tune_mc1.errors import STORAGE_ERRNOS, StorageError
from tune_mc1.files import link, replacing
from tune_mc1.results.directory import BEST, LAST, PARTIAL, PREVIOUS
from tune_mc1.training.averaging import TRAINED
from tune_mc1.training.model_facts import FACTS

Checkpoint = dict[str, Any]


class TrialCheckpoints(CheckpointIO):
    """Lightning's checkpoint IO: `last.ckpt` in each trial's directory.

    Args:
        directories: Directories of the trials.
        fused: Whether the state has a trial axis.

    Attributes:
        improved: Indices of the trials whose next checkpoint is their best.
    """

    def __init__(self, directories: Sequence[Path], fused: bool) -> None:
        self.directories = list(directories)
        self.fused = fused
        self.improved: list[int] = []

    def save_checkpoint(
        self, checkpoint: Checkpoint, path: Any, storage_options: Any | None = None
    ) -> None:
        """Writes each trial's part, atomically; `last.ckpt` supersedes all within its epoch.

        Args:
            checkpoint: Lightning's checkpoint.
            path: Name of the files.
            storage_options: Not used.

        Raises:
            StorageError: If the storage fails.
        """
        within = Path(path).name == PARTIAL
        with ExitStack() as all_written:  # then those within an epoch take their places at once
            for index, directory in enumerate(self.directories):
                part = extract_trial(checkpoint, index) if self.fused else checkpoint
                try:
                    for folder in (directory.parent, directory):  # never the result directory
                        folder.mkdir(exist_ok=True)
                    if within:
                        aside = all_written.enter_context(replacing(directory / PARTIAL))
                        _write(part, aside, sync=True)
                    else:
                        self._save_last(part, directory, improved=index in self.improved)
                except (OSError, RuntimeError) as error:
                    cause = _storage_error(error)
                    if cause is not None:
                        raise StorageError.of(cause.filename or directory, cause) from error
                    raise
        if not within:  # only now, as the trials of a group that is cut off here go back together
            self.remove_checkpoint(PARTIAL)

    def _save_last(self, part: Checkpoint, directory: Path, *, improved: bool) -> None:
        with replacing(directory / LAST) as aside:
            _write(part, aside)
            if (directory / LAST).exists():
                link(directory / LAST, directory / PREVIOUS)
        if improved:
            link(directory / LAST, directory / BEST)

    def load_checkpoint(
        self, path: Any, map_location: Any | None = None, weights_only: bool | None = None
    ) -> Checkpoint:
        """Reads each trial's part and assembles them.

        Args:
            path: Name of the files.
            map_location: Not used: all is loaded to the CPU first.
            weights_only: Not used: nothing but plain data is loaded.
        """
        parts = [read_checkpoint(d / Path(path).name) for d in self.directories]
        return stack_trials(parts) if self.fused else parts[0]

    def remove_checkpoint(self, path: Any) -> None:
        """Removes a file of each trial."""
        for directory in self.directories:
            (directory / Path(path).name).unlink(missing_ok=True)


def _write(part: Checkpoint, path: Path, *, sync: bool = False) -> None:
    with path.open("wb") as file:  # given a path, torch hides why a write fails
        torch.save(part, file)
        file.flush()
        if sync:
            os.fsync(file.fileno())


def _storage_error(error: BaseException | None) -> OSError | None:
    """The failed write behind an error of torch, if any."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in STORAGE_ERRNOS:
            return error
        error = error.__cause__ or error.__context__
    return None


def read_checkpoint(path: Path) -> Checkpoint:
    """A trial's checkpoint, on the CPU."""
    return dict(torch.load(path, map_location="cpu", weights_only=True))


def last_state(directory: Path) -> dict[str, Any]:
    """State of `EpochReport` in a trial's last checkpoint."""
    callbacks = read_checkpoint(directory / LAST)["callbacks"].values()
    state: dict[str, Any]
    (state,) = next(state["trials"] for state in callbacks if "trials" in state)
    return state


def extract_trial(checkpoint: Checkpoint, index: int) -> Checkpoint:
    """The plain checkpoint of one trial of a group.

    Args:
        checkpoint: Checkpoint of the group.
        index: Index of the trial.
    """
    (optimizer,) = checkpoint["optimizer_states"]
    return checkpoint | {
        **{k: _each(checkpoint[k], index) for k in ("state_dict", TRAINED) if k in checkpoint},
        "optimizer_states": [
            {
                "state": {i: _each(s, index) for i, s in optimizer["state"].items()},
                "param_groups": [
                    {**group["trials"][index], "params": group["params"]}
                    for group in optimizer["param_groups"]
                ],
            }
        ],
        "callbacks": {
            name: {"trials": [state["trials"][index]]} if "trials" in state else state
            for name, state in checkpoint["callbacks"].items()
        },
        **_facts([checkpoint[FACTS]["trials"][index]] if FACTS in checkpoint else []),
    }


def stack_trials(parts: Sequence[Checkpoint]) -> Checkpoint:
    """The checkpoint of a group.

    Args:
        parts: Checkpoints of the trials, all after the same number of steps.
    """
    optimizers = [part["optimizer_states"][0] for part in parts]
    states = [optimizer["state"] for optimizer in optimizers]
    each = zip(*(optimizer["param_groups"] for optimizer in optimizers), strict=True)
    groups = [
        {
            "trials": [{k: v for k, v in group.items() if k != "params"} for group in of_trials],
            "params": of_trials[0]["params"],
        }
        for of_trials in each
    ]
    return parts[0] | {
        "state_dict": _stacked([part["state_dict"] for part in parts]),
        **_trained_of(parts),
        "optimizer_states": [
            {
                "state": {
                    i: _stacked([state.get(i, {}) for state in states])
                    for i in sorted({i for state in states for i in state})
                },
                "param_groups": groups,
            }
        ],
        "callbacks": {
            name: {"trials": [part["callbacks"][name]["trials"][0] for part in parts]}
            if "trials" in state
            else state
            for name, state in parts[0]["callbacks"].items()
        },
        **_facts([fact for part in parts if FACTS in part for fact in part[FACTS]["trials"]]),
    }


def _facts(trials: Sequence[Checkpoint]) -> Checkpoint:
    return {FACTS: {"trials": list(trials)}} if trials else {}


def _trained_of(parts: Sequence[Checkpoint]) -> dict[str, Any]:
    """Weights of all trials, if the checkpoints of some have their averages."""
    names = next((part[TRAINED] for part in parts if TRAINED in part), None)
    if names is None:
        return {}
    return {
        TRAINED: _stacked(
            [part.get(TRAINED) or {n: part["state_dict"][n] for n in names} for part in parts]
        )
    }


def _each(values: Mapping[str, Any], index: int) -> dict[str, Any]:
    """One trial's part of named tensors; values without an axis, like Adam's step, are shared."""
    return {
        # Cloned, as the file would otherwise hold the storage of the whole group; and contiguous,
        # as PyTorch's fused optimisers require the same layout of a parameter and its moments.
        name: value[index].clone(memory_format=torch.contiguous_format)
        if isinstance(value, Tensor) and value.ndim
        else value
        for name, value in values.items()
    }


def _stacked(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Stacked named tensors of all trials; a momentum that some trials lack is 0 for them."""
    known = {name: value for part in parts for name, value in part.items() if value is not None}
    return {
        name: value
        if name == "step"
        else torch.stack(
            [v if (v := part.get(name)) is not None else torch.zeros_like(value) for part in parts]
        )
        for name, value in known.items()
    }
