"""Checkpoints within a long epoch, and how trials go on from one, to the last bit.

Between two optimiser steps, a checkpoint has the weights and the state of the optimiser anyway. The
rest of an epoch so far are its counts, and the logits and labels of the macro-batch that is being
trained, which is counted as a whole. Everything random depends on epoch, image and step.
"""

import logging
import math
from collections.abc import Callable, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any

import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from torch import Tensor

from tune_mc1.errors import DivergedError, StorageError
from tune_mc1.results.directory import PARTIAL
from tune_mc1.training.epoch_report import EpochReport
from tune_mc1.training.group import Group
from tune_mc1.training.lightning_private import begin_with_batch
from tune_mc1.training.trial_log import of_trial

if TYPE_CHECKING:
    from tune_mc1.training.module import ClassifierModule

log = logging.getLogger(__name__)

INTERVAL_S = 45.0
"""Least time between checkpoints within an epoch, and from its start to the first."""

SHARE = 0.01
"""Most of the time that saving may take."""

Saved = Callable[[Sequence[str]], None]
"""Called with the ids of trials that have just written a checkpoint within an epoch."""


class MidEpoch(Callback):
    """Saves `partial.ckpt` in long epochs; the first epoch after a resume begins with one's state.

    A checkpoint that cannot be written is left out, and the log says so once: the one at the end of
    the epoch decides.

    Args:
        group: The trials.
        report: Times the epochs.
        saved: Called after each checkpoint.

    Attributes:
        due: When to save next, by `time.monotonic`.
        taken: For each trial, the state with which the next epoch begins; empty for none.
    """

    def __init__(self, group: Group, report: EpochReport, saved: Saved) -> None:
        self.group, self.report, self.saved = group, report, saved
        self.due = math.inf
        self.taken: list[dict[str, Any]] = []
        self._state: dict[str, Any] = {}
        self._took_s = 0.0
        self._said = self._failed = False

    def state_dict(self) -> dict[str, Any]:
        """What `partial.ckpt` has of the epoch so far; empty for all other checkpoints."""
        return self._state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes the state of a `partial.ckpt`."""
        self.taken = state_dict["trials"]

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Makes the macro-batch that is being trained the next one."""
        if self._state:
            begin_with_batch(checkpoint)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Prepares an epoch that begins within; Lightning does not say that it starts."""
        if not self.taken:
            return
        begun = self.taken[0]
        self.group.train.skip = begun["macro"]
        self.report.begin_epoch(begun["seconds"])
        self._plan()
        place = (trainer.current_epoch + 1, self._steps_done(trainer), self.group.train.steps)
        for trial in self.group.trials:
            text = "epoch %d goes on after %d of %d optimiser steps"
            log.info(text, *place, extra=of_trial(trial.id))

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Plans the first checkpoint within the epoch."""
        self._plan()

    def _plan(self) -> None:
        self.due = monotonic() + max(INTERVAL_S, self._took_s / SHARE)

    def _steps_done(self, trainer: Trainer) -> int:
        """Optimiser steps of this epoch so far."""
        return trainer.global_step - trainer.current_epoch * self.group.train.steps

    def save(
        self, module: "ClassifierModule", macro: int, outputs: Sequence[Tensor], labels: Tensor
    ) -> None:
        """Saves after an optimiser step.

        Args:
            module: Of the group.
            macro: Index of the macro-batch.
            outputs: Logits of its batches so far: (B, classes), or (trials, B, classes).
            labels: Labels of the macro-batch, int64 (n,), or (trials, n).
        """
        # A GPU records steps of the size of the first batch, which must not be an epoch's last one.
        if self.group.train.steps - self._steps_done(module.trainer) == 1:
            return
        if module.device.type == "cuda":  # its steps are still under way
            torch.cuda.synchronize(module.device)
        began = monotonic()
        self._state = {"trials": self._of_each(module, macro, outputs, labels)}
        try:
            module.trainer.save_checkpoint(PARTIAL, weights_only=False)
            self.saved([trial.id for trial in self.group.trials])
        except (OSError, StorageError) as error:
            if not self._failed:
                log.warning("%s is left out; the epoch goes on: %s", PARTIAL, error)
            self._failed = True
        finally:
            self._state = {}
        self._took_s = monotonic() - began
        self._plan()
        if not self._said and not self._failed:
            every = max(INTERVAL_S, self._took_s / SHARE)
            log.info("%s took %.2f s; in long epochs: every %.0f s", PARTIAL, self._took_s, every)
            self._said = True

    def _of_each(
        self, module: "ClassifierModule", macro: int, outputs: Sequence[Tensor], labels: Tensor
    ) -> list[dict[str, Any]]:
        logits = torch.cat(list(outputs), dim=-2)
        common = {
            "macro": macro,
            "steps": math.ceil(logits.shape[-2] / module.configs[0].batch_size),
            "steps_per_macro": self.group.steps_per_macro,
            "seconds": self.report.seconds,
        }
        found = []
        for index, counts in enumerate(module.train_counts.of_each()):
            own = labels[..., : logits.shape[-2]]
            error = module.diverged.get(index)
            found.append(
                {
                    **common,
                    **counts,
                    "logits": (logits[index] if logits.ndim == 3 else logits).clone(),
                    "labels": (own[index] if own.ndim == 2 else own).clone(),
                    "diverged": error and [error.epoch, error.step, error.loss],
                }
            )
        return found

    def keep(self, indices: Sequence[int]) -> None:
        """Keeps only some of the trials, before the epoch that a state belongs to goes on."""
        self.taken = [self.taken[i] for i in indices if self.taken]

    def take_up(self, module: "ClassifierModule", labels: Tensor) -> tuple[list[Tensor], int]:
        """Restores what a checkpoint has of the epoch, when its macro-batch begins again.

        Args:
            module: Of the group.
            labels: Labels of the macro-batch, (n,) or (trials, n); those of mixed images are set.

        Returns:
            The logits of the batches that are done, and their number.
        """
        each, self.taken = self.taken, []
        module.train_counts = module.new_counts()
        module.train_counts.restore(each)
        errors = {i: own["diverged"] for i, own in enumerate(each) if own["diverged"]}
        module.diverged = {i: DivergedError(*values) for i, values in errors.items()}
        logits, done = (
            (torch.stack if module.fused else _only)([own[name] for own in each]).to(module.device)
            for name in ("logits", "labels")
        )
        part = labels[..., : done.shape[-1]]
        part.copy_(done if labels.ndim == done.ndim else done[0])
        return [logits], each[0]["steps"]


def _only(values: Sequence[Tensor]) -> Tensor:
    (value,) = values
    return value
