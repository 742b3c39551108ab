"""The Lightning callback that ends each epoch: checkpoint first, then the report."""

import math
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint

from tune_mc1.data.batches import MacroBatches
from tune_mc1.errors import DivergedError
from tune_mc1.module import ClassifierModule
from tune_mc1.result_dir import replacing
from tune_mc1.results import better

Row = dict[str, Any]
Reporter = Callable[[Row], None]


class EpochReport(Checkpoint):
    """Writes `last.ckpt` and `best.ckpt` and reports a history row after each epoch.

    It is a `Checkpoint`, since Lightning calls those after the module's own hooks, when training
    and validation metrics of the same epoch are both there. The row is part of the checkpoint: a
    trial that was cut off between checkpoint and report reports it when it is resumed.

    Args:
        trial: Id of the trial.
        metric: Metric that decides which checkpoint is best.
        maximize: Whether a higher metric is better.
        directory: Where the checkpoints go; None writes none.
        report: Called with each row: `tune_mc1.results.HISTORY_SCHEMA`, `node`, `device_name`.
    """

    def __init__(
        self, trial: str, metric: str, maximize: bool, directory: Path | None, report: Reporter
    ) -> None:
        self.trial = trial
        self.metric, self.maximize = metric, maximize
        self.directory = directory
        self.report = report
        self.best: float | None = None
        self.row: Row | None = None

    def state_dict(self) -> dict[str, Any]:
        """The last row and the best score, for the checkpoint."""
        return {"best": self.best, "row": self.row}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes up where a checkpoint left off."""
        self.best, self.row = state_dict["best"], state_dict["row"]

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Reports the row of the checkpoint that the trial goes on from, if any."""
        if self.row is not None:
            self.report(self.row)

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts the clock of the epoch."""
        self._began = self._trained = time.perf_counter()

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stops the clock of the training part."""
        self._trained = time.perf_counter()

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Saves and reports.

        Raises:
            DivergedError: If the validation loss is not finite.
        """
        assert isinstance(pl_module, ClassifierModule)
        metrics = pl_module.epoch_metrics
        if not math.isfinite(metrics["val_loss"]):
            raise DivergedError(trainer.current_epoch + 1, trainer.global_step, metrics["val_loss"])
        batches = trainer.train_dataloader
        assert isinstance(batches, MacroBatches)
        self.row = {
            "trial": self.trial,
            "epoch": trainer.current_epoch + 1,
            **metrics,
            "learning_rate": pl_module.config.learning_rate,
            "steps": trainer.global_step,
            "seconds": time.perf_counter() - self._began,
            "images_per_second": batches.images / (self._trained - self._began),
            "node": platform.node(),
            "device_name": device_name(pl_module.device),
        }
        improved = better(metrics[self.metric], self.best, maximize=self.maximize)
        if improved:
            self.best = metrics[self.metric]
        if self.directory is not None:
            self._save(trainer, self.directory, improved)
        self.report(self.row)

    def _save(self, trainer: Trainer, directory: Path, improved: bool) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        last, best = directory / "last.ckpt", directory / "best.ckpt"
        with replacing(last) as aside:
            trainer.save_checkpoint(aside, weights_only=False)
        if improved:
            # A link costs nothing, and `last` is replaced, never written over.
            aside = directory / f".best.{os.getpid()}.tmp"
            aside.unlink(missing_ok=True)
            aside.hardlink_to(last)
            aside.replace(best)


def device_name(device: torch.device) -> str:
    """What results call a device: `cpu`, or the GPU's product name."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
