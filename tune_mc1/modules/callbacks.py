"""Callbacks of a trial: they report its epochs, save it, and take it up again where it was."""

import math
import time
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback, Checkpoint

from tune_mc1.errors import DivergedError
from tune_mc1.modules.checkpoints import Report, save_best, save_last
from tune_mc1.modules.metric_states import metric_states, set_metric_states
from tune_mc1.modules.progress import Progress, logged_scalars
from tune_mc1.modules.random_state import random_state, set_random_state
from tune_mc1.results.schema import Row
from tune_mc1.training.epoch_report import device_name
from tune_mc1.training.lightning_private import renew_iterator

LOOK = 50
"""Steps between two looks at the loss, as each waits for the GPU."""


class TakeUp(Callback):
    """First callback: sets random generators and metrics as they were at the end of the last epoch.

    Attributes:
        random: States of all processes of the trial, from its checkpoint; None at the beginning.
        metrics: The same of the module's metrics.
    """

    def __init__(self) -> None:
        self.random: list[dict[str, Any]] | None = None
        self.metrics: list[dict[str, Any]] = []

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """An epoch begins."""
        if self.random is None:
            return
        state = self.random[trainer.global_rank] if trainer.global_rank < len(self.random) else None
        if state is not None:
            set_random_state(state)
        if trainer.global_rank < len(self.metrics):
            set_metric_states(pl_module, self.metrics[trainer.global_rank])
        renew_iterator(trainer)
        self.random = None


class TrialEpochs(Callback):
    """Last callback: reports each validation, saves each epoch, notices a loss that is not finite.

    Args:
        progress: The trial's progress.
        take_up: The first callback.
        folder: Directory of checkpoints.
        report: Takes the rows; None in all processes of the trial but the first.
        save: Whether to save checkpoints.

    Attributes:
        progress: The trial's progress.
        stopped: Whether the sweep has stopped the trial.
        began: Whether training has begun.
        stepped: Whether a batch has been trained since then.
    """

    def __init__(
        self,
        progress: Progress,
        take_up: TakeUp,
        folder: Path,
        report: Report | None,
        *,
        save: bool,
    ) -> None:
        self.progress, self._take_up, self._folder = progress, take_up, folder
        self._report, self._save = report, save
        self.stopped = self.began = self.stepped = False
        self._max_steps = -1
        self._validation = False  # has ended since the last row
        self._since = time.perf_counter()
        self._restored: dict[str, Any] | None = None
        self._state: dict[str, Any] = {}

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps of the trial's progress."""
        return self._state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on from a checkpoint."""
        self._restored = state_dict
        self.progress.restore(state_dict["progress"])
        self._take_up.random = state_dict["random"]
        self._take_up.metrics = state_dict.get("metric_states", [])

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The optimisers are there; the checkpoint's state of the loops is loaded next."""
        # With max_steps, Lightning would run the end of the checkpoint's epoch a second time.
        self._max_steps = trainer.max_steps
        if self._restored is not None:
            trainer.fit_loop.epoch_loop.max_steps = -1

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Training begins, or goes on with the epoch after the checkpoint's."""
        trainer.fit_loop.epoch_loop.max_steps = self._max_steps
        self.began, self._since = True, time.perf_counter()
        state, self._restored = self._restored, None
        if state is None:
            return
        metrics = {name: torch.tensor(value) for name, value in state["metrics"].items()}
        trainer.callback_metrics.update(metrics)
        self._step_plateau_schedulers(trainer, pl_module, state["epoch"], metrics)
        trainer.should_stop = state["should_stop"]
        if self.progress.row is not None:  # the sweep may not have received it
            self._tell(trainer, self.progress.row)

    def tell_again(self, trainer: Trainer) -> None:
        """Reports the checkpoint's row, if the trial had ended there and trained no further."""
        state, self._restored = self._restored, None
        if state is not None and self.progress.row is not None and self._report is not None:
            self.stopped = self._report(self.progress.row)

    def logged(self, trainer: Trainer) -> dict[str, float]:
        """Scalars that were logged after the last row."""
        row = self.progress.row or {"metrics": {}}
        return {
            name: value
            for name, value in logged_scalars(trainer).items()
            if row["metrics"].get(name) != value and math.isfinite(value)
        }

    def _step_plateau_schedulers(
        self,
        trainer: Trainer,
        module: LightningModule,
        epoch: int,
        metrics: dict[str, torch.Tensor],
    ) -> None:
        """Makes up for the step of the schedulers that Lightning takes after its checkpoints."""
        if not module.automatic_optimization:
            return
        for config in trainer.lr_scheduler_configs:
            due = config.interval == "epoch" and (epoch + 1) % config.frequency == 0
            if config.reduce_on_plateau and due and config.monitor in metrics:
                module.lr_scheduler_step(config.scheduler, metrics[config.monitor])

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Looks at the loss now and then.

        Raises:
            DivergedError: If it is not finite in any process of the trial.
        """
        self.stepped = True
        if (batch_idx + 1) % LOOK and not trainer.is_last_batch:
            return
        loss = outputs.get("loss") if isinstance(outputs, dict) else outputs
        value = float(loss) if isinstance(loss, torch.Tensor) and loss.numel() == 1 else 0.0
        lost = not math.isfinite(value)
        if trainer.world_size > 1:
            lost = trainer.strategy.reduce_boolean_decision(lost, all=False)
        if lost:
            raise DivergedError(self.progress.number + 1, trainer.global_step, value)

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """A validation begins."""
        self._before = set(trainer.callback_metrics)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """A validation has ended; the one at the end of an epoch is reported with the epoch."""
        if trainer.sanity_checking:
            return
        self.progress.validated |= set(trainer.callback_metrics) - self._before
        self._validation = True
        if trainer.is_last_batch:
            return
        row, improved = self._row(trainer)
        if improved and self._save:
            save_best(trainer, self._folder)
        self._tell(trainer, row)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """An epoch has ended: it is saved first, and then reported."""
        logged = logged_scalars(trainer)
        validation = self._validation or not trainer.enable_validation
        row, improved = None, False
        if self.progress.is_due(logged, validation=validation):
            row, improved = self._row(trainer)
            self.progress.row = row
        if self._save:
            self._state = self._checkpoint_state(trainer, logged)
            save_last(trainer, self._folder, improved=improved)
        if row is not None:
            self._tell(trainer, row)

    def _checkpoint_state(self, trainer: Trainer, logged: dict[str, float]) -> dict[str, Any]:
        return {
            "progress": self.progress.state(),
            "random": _from_all(trainer, random_state()),
            "metric_states": _from_all(trainer, metric_states(trainer)),
            "metrics": logged,
            "epoch": trainer.current_epoch,
            "should_stop": trainer.should_stop,
        }

    def _row(self, trainer: Trainer) -> tuple[Row, bool]:
        self._validation = False
        metrics, improved = self.progress.take(logged_scalars(trainer))
        now = time.perf_counter()
        seconds, self._since = now - self._since, now
        row: Row = {
            "epoch": self.progress.number,
            "step": trainer.global_step,
            "seconds": seconds,
            "metrics": metrics,
            "time": time.time(),
            "device_name": device_name(trainer.strategy.root_device),
        }
        return row, improved

    def _tell(self, trainer: Trainer, row: Row) -> None:
        """Reports a row; ends the training if the sweep has stopped the trial."""
        stop = self._report is not None and self._report(row)
        if trainer.world_size > 1:
            stop = trainer.strategy.broadcast(stop)
        if stop:
            self.stopped = trainer.should_stop = True
            trainer.fit_loop.min_epochs = 0
            trainer.fit_loop.epoch_loop.min_steps = None
        self._since = time.perf_counter()


class SavedTrialEpochs(TrialEpochs, Checkpoint):
    """The same, as one of Lightning's checkpoint callbacks, which come after all others."""


def _from_all(trainer: Trainer, state: dict[str, Any]) -> list[dict[str, Any]]:
    """The states of all processes of a trial, in each of them."""
    if trainer.world_size == 1:
        return [state]
    states: list[Any] = [None] * trainer.world_size
    torch.distributed.all_gather_object(states, state)
    return states
