"""What the trainer's arguments ask of the machine: accelerator, devices, processes."""

import logging
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import Checkpoint

from tune_mc1.config.module_sweep import ModuleSweep
from tune_mc1.config.problems import Path, Problem
from tune_mc1.modules.ranks import DDP

GPU = ("gpu", "cuda")
_ACCELERATORS = ("auto", "cpu", *GPU, "mps")
_ON_GPU = ("fsdp", "deepspeed")
_STARTING = ("spawn", "fork", "notebook", "popen")
_ONE = (1, "1", "auto")
_TRIED = {"accelerator": "cpu", "devices": 1, "enable_progress_bar": False, "logger": False}

_DECIDED = {
    "devices": "resources decides on it: gpu is the share of each worker, workers their number",
    "num_nodes": "resources.workers decides on it",
    "default_root_dir": "each trial has its own directory",
}


def reserved(name: str, value: Any, workers: int, *, varied: bool = False) -> str | None:
    """The reason why an argument of the trainer cannot be set; None if it can.

    Args:
        name: Name of the argument.
        value: Its value.
        workers: Number of processes of a trial.
        varied: Whether a parameter sets it.
    """
    if name in _DECIDED:
        same = name != "default_root_dir" and not varied and value in _ONE and workers == 1
        return None if same else f"cannot be set, as {_DECIDED[name]}"
    if varied or not isinstance(value, str) or "." in value:  # an object, by its class
        value = None
    if name == "accelerator" and value and value.lower() not in _ACCELERATORS:
        return f"must be one of {', '.join(_ACCELERATORS)}, as resources has no other devices"
    if name != "strategy":
        return None
    if workers > 1 and value not in ("auto", *DDP):
        return f"must be auto or {' or '.join(DDP)} with resources.workers"
    if value and any(word in value for word in _STARTING):
        return (
            "must not start processes of its own; resources: {workers: 2} trains each trial by DDP"
        )
    return None


def gpu_problem(sweep: ModuleSweep, gpu: float) -> Problem | None:
    """The argument of the trainer that needs a GPU which trials do not have.

    Args:
        sweep: The sweep.
        gpu: GPUs of each worker of a trial.
    """
    if gpu or torch.backends.mps.is_available():
        return None
    asked = sweep.resources is not None
    why = "resources.gpu is 0" if asked else "there is none"
    for path, value in _asked(sweep):
        if value in (*GPU, "mps") or value.startswith(_ON_GPU):
            return Problem(path, f"needs a GPU, and {why}", value)
    return None


def _asked(sweep: ModuleSweep) -> Iterator[tuple[Path, str]]:
    for name in ("accelerator", "strategy"):
        full = f"trainer.{name}"
        varied = sweep.values_of(full) if full in sweep.parameters else None
        path = ("parameters", full) if varied else ("trainer", name)
        for value in varied or [sweep.trainer.get(name)]:
            if isinstance(value, str):
                yield path, value.lower()


def refusal(arguments: Mapping[str, Any]) -> str | None:
    """Why Lightning refuses a trainer's plain arguments; None if it does not.

    Objects are left out, as they are not created before a trial is, and so is what depends on the
    devices of the machine that trains.

    Args:
        arguments: The arguments, converted to their types.
    """
    strategy = str(arguments.get("strategy") or "").lower()
    left_out = {"accelerator", *_DECIDED, *(["strategy"] if strategy.startswith(_ON_GPU) else [])}
    plain: dict[str, Any] = {
        name: value
        for name, value in arguments.items()
        if name not in left_out and value is not None and isinstance(value, str | int | float)
    }
    if plain.get("enable_checkpointing") is not False:  # as in a trial
        plain = {**plain, "enable_checkpointing": None, "callbacks": [Checkpoint()]}
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)  # about devices
    try:
        with warnings.catch_warnings(action="ignore"):
            Trainer(**{**plain, **_TRIED})
    except (MisconfigurationException, TypeError, ValueError) as error:
        return " ".join(str(error).split())
    except Exception:  # of a package that only the machines that train have
        return None
    finally:
        logging.disable(before)
    return None
