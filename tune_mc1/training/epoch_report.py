"""Lightning callback at the end of each epoch: checkpoints first, then the report."""

import math
import platform
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Protocol

import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint

from tune_mc1.config.lr_schedules import factor_at
from tune_mc1.config.metrics import better
from tune_mc1.errors import DivergedError
from tune_mc1.files import link
from tune_mc1.results.directory import BEST, LAST
from tune_mc1.results.schema import Row
from tune_mc1.training.checkpoints import TrialCheckpoints
from tune_mc1.training.group import Group
from tune_mc1.training.module import ClassifierModule


class Reporter(Protocol):
    """Receives the results of an epoch, and returns which trials are to stop."""

    def __call__(self, rows: Sequence[Row], ends: Sequence[Row] = ()) -> Collection[str]:
        """Receives a report.

        Args:
            rows: One row per trial: `tune_mc1.results.schema.history_schema`, `node`,
                `device_name`.
            ends: `trial`, `state`, `epoch` and `error` of each trial that diverged or failed.

        Returns:
            Ids of trials of a group that are to stop.
        """


class EpochReport(Checkpoint):
    """Writes `last.ckpt` and `best.ckpt` and reports a history row of each trial after each epoch.

    It is a `Checkpoint`, since Lightning calls those after the module's own hooks, when the
    training and validation metrics of the epoch are both available. The row is part of the
    checkpoint: a trial that was interrupted between checkpoint and report reports it when resumed,
    after those that were still under way (`unsent`).

    Args:
        group: The trials.
        metric: Metric that determines the best checkpoint.
        maximize: Whether a higher metric is better.
        files: Writer of the checkpoints; None to write none.
        report: Called after each epoch.
    """

    def __init__(
        self,
        group: Group,
        metric: str,
        maximize: bool,
        files: TrialCheckpoints | None,
        report: Reporter,
    ) -> None:
        self.group = group
        self.metric, self.maximize = metric, maximize
        self.files = files
        self.report = report
        self.states: list[Row] = [
            {"best": None, "best_epoch": None, "row": None} for _ in group.trials
        ]

    def state_dict(self) -> dict[str, Any]:
        """Last row, best score and best epoch of each trial, for the checkpoint."""
        return {"trials": self.states}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restores the state of a checkpoint."""
        self.states = state_dict["trials"]

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Reports the rows of the checkpoint from which the trials continue, if any.

        A trial that goes on from a copy of another one's has reported its own row before.
        """
        if self.files is None:
            return
        pairs = zip(self.states, self.files.directories, strict=True)
        told = [(state, place) for state, place in pairs if state["row"] is not None]
        if told:
            rows = [row for state, place in told for row in restored_rows(state, place)]
            self._say(trainer, pl_module, rows, [])

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts timing the epoch."""
        self.begin_epoch()

    def begin_epoch(self, seconds: float = 0.0) -> None:
        """Starts timing an epoch, of which some seconds are over."""
        self._began = self._trained = time.perf_counter() - seconds

    @property
    def seconds(self) -> float:
        """Seconds that the epoch has taken so far."""
        return time.perf_counter() - self._began

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stops timing the training part."""
        self._trained = time.perf_counter()

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Saves and reports, then drops the trials that diverged or are to stop."""
        assert isinstance(pl_module, ClassifierModule)
        for index, metrics in enumerate(pl_module.epoch_metrics):
            if not math.isfinite(metrics["val_loss"]):
                error = DivergedError(
                    trainer.current_epoch + 1, trainer.global_step, metrics["val_loss"]
                )
                pl_module.diverged.setdefault(index, error)
        ends = diverged_ends(self.group, pl_module)
        self._drop(trainer, pl_module, {end["trial"] for end in ends})
        rows = [] if trainer.should_stop else self._take_rows(trainer, pl_module)
        self._say(trainer, pl_module, rows, ends)

    def _say(
        self, trainer: Trainer, module: LightningModule, rows: list[Row], ends: list[Row]
    ) -> None:
        """Reports, then drops the trials that have run out of patience or are to stop."""
        tired = impatient_ends(self.group, self.states, self.metric) if rows else []
        stopped = self.report(rows, [*ends, *tired])
        self._drop(trainer, module, {*stopped, *(end["trial"] for end in tired)})

    def _take_rows(self, trainer: Trainer, module: ClassifierModule) -> list[Row]:
        wall = self.seconds
        common = {
            "epoch": trainer.current_epoch + 1,
            "steps": trainer.global_step,
            "seconds": wall / len(self.group.trials),
            "images_per_second": self.group.train.images / (self._trained - self._began),
            "node": platform.node(),
            "device_name": device_name(module.device),
        }
        improved = []
        for index, trial in enumerate(self.group.trials):
            metrics, state = module.epoch_metrics[index], self.states[index]
            factor = factor_at(trial.config, trainer.global_step - 1, self.group.total_steps)
            rate = trial.config.learning_rate * factor
            state["row"] = {"trial": trial.id, **metrics, "learning_rate": rate, **common}
            _note_unsent(state, self.report)
            if better(metrics[self.metric], state["best"], maximize=self.maximize):
                state["best"], state["best_epoch"] = metrics[self.metric], common["epoch"]
                improved.append(index)
        if self.files is not None:
            self.files.improved = improved
            trainer.save_checkpoint(LAST, weights_only=False)
        return [state["row"] for state in self.states]

    def _drop(self, trainer: Trainer, module: LightningModule, gone: Collection[str]) -> None:
        """Continues without some trials; ends the training if none is left."""
        assert isinstance(module, ClassifierModule)
        kept = [i for i, trial in enumerate(self.group.trials) if trial.id not in gone]
        if len(kept) == len(self.group.trials):
            return
        if not kept:
            trainer.should_stop = True
            return
        module.keep(torch.tensor(kept))
        self.group.keep(kept)
        self.states = [self.states[i] for i in kept]
        if self.files is not None:
            self.files.directories = [self.files.directories[i] for i in kept]


def diverged_ends(group: Group, module: ClassifierModule) -> list[Row]:
    """End reports of a group's diverged trials."""
    return [
        {
            "trial": group.trials[index].id,
            "state": "diverged",
            "epoch": error.epoch,
            "error": str(error),
        }
        for index, error in module.diverged.items()
    ]


def impatient_ends(group: Group, states: Sequence[Row], metric: str) -> list[Row]:
    """End reports of trials whose score has not improved for as long as they have patience.

    They have no epoch, as this is not a failure that a trial scheduler must count.

    Args:
        group: The trials.
        states: State of `EpochReport` of each.
        metric: The sweep's metric.
    """
    ends = []
    for trial, state in zip(group.trials, states, strict=True):
        if state["row"] is None:
            continue
        patience, epoch = trial.config.early_stopping_patience, state["row"]["epoch"]
        waited = epoch - (state["best_epoch"] or 0)
        if patience and waited >= patience and epoch < trial.config.epochs:
            reason = f"early stopping: {metric} has not improved for {waited} epochs"
            ends.append({"trial": trial.id, "state": "stopped", "error": reason})
    return ends


def _note_unsent(state: Row, report: Reporter) -> None:
    """Puts rows of earlier epochs into a trial's state that may not have been recorded yet."""
    rows: Sequence[Row] = getattr(report, "unsent", ())
    state.pop("unsent", None)
    if mine := [row for row in rows if row["trial"] == state["row"]["trial"]]:
        state["unsent"] = mine


def restored_rows(state: Row, directory: Path) -> list[Row]:
    """The row of a checkpoint, to be reported again, after those that may not have arrived.

    A trial that was interrupted after its best checkpoint may lack `best.ckpt`, which is restored.

    Args:
        state: State of `EpochReport` in the checkpoint.
        directory: Directory of the checkpoint.
    """
    row: Row = state["row"]
    if state["best_epoch"] == row["epoch"]:
        link(directory / LAST, directory / BEST)
    return [*state.get("unsent", ()), row]


def device_name(device: torch.device) -> str:
    """Name of a device in results: `cpu`, or the GPU's product name."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
