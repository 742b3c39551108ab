"""Lightning's Trainer of a trial: the user's arguments, and those that the sweep decides on."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import Callback, ProgressBar

from tune_mc1.modules.ranks import Rank, rank_strategy
from tune_mc1.training.lightning_private import hide_noise

_QUIET = {"enable_progress_bar": False}


def with_save_dirs(trainer: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The loggers of a sweep file, which write to the trial's directory unless they say otherwise.

    Args:
        trainer: The sweep file's `trainer`.
        folder: The trial's own directory.

    Returns:
        The arguments that differ.
    """
    logger = trainer.get("logger")
    if logger is None or isinstance(logger, bool):
        return {}
    loggers = logger if isinstance(logger, list) else [logger]
    placed = [_placed(one, folder) for one in loggers]
    return {"logger": placed if isinstance(logger, list) else placed[0]}


def _placed(logger: Any, folder: Path) -> Any:
    given = {"class_path": logger} if isinstance(logger, str) else logger
    if not isinstance(given, dict) or "class_path" not in given:
        return logger
    arguments = given.get("init_args") or {}
    if not isinstance(arguments, dict) or {"save_dir", "dir"} & arguments.keys():
        return logger
    return {**given, "init_args": {**arguments, "save_dir": str(folder)}}


def make_trainer(
    arguments: Mapping[str, Any],
    callbacks: Sequence[Callback],
    folder: Path,
    *,
    gpu: bool,
    rank: Rank | None = None,
) -> Trainer:
    """The trainer of a trial.

    Args:
        arguments: The user's, with objects for callbacks, loggers and so on.
        callbacks: Our own: the first comes before the user's, the others after them.
        folder: The trial's own directory.
        gpu: Whether it has a GPU.
        rank: Place of this process among those of the trial; None if it is alone.
    """
    hide_noise()
    given = {name: value for name, value in arguments.items() if value is not None}
    callbacks_given = given.pop("callbacks", None) or []
    own = callbacks_given if isinstance(callbacks_given, list) else [callbacks_given]
    if not given.get("enable_progress_bar"):  # Lightning refuses bars that are then not shown
        own = [callback for callback in own if not isinstance(callback, ProgressBar)]
    if "accelerator" not in given or given["accelerator"] == "auto":
        given["accelerator"] = "gpu" if gpu else "cpu"
    if rank is not None:
        plugins = given.pop("plugins", None) or []
        given["plugins"] = [*(plugins if isinstance(plugins, list) else [plugins]), rank]
        given["num_nodes"] = rank.world_size()
        given["strategy"] = rank_strategy(given.get("strategy", "auto"))
    return Trainer(
        **{
            **_QUIET,
            **given,
            "devices": 1,
            "default_root_dir": str(folder),
            "callbacks": [
                *callbacks[:1],
                *own,
                *callbacks[1:],
            ],
        }
    )
