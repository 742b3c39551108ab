"""LightningModule of one trial or a group: loss, optimiser, and metrics from counts.

With batches of 32, a small network's step takes half a millisecond, and Lightning's overhead per
`training_step` would take as long again. So one `training_step` does a macro-batch of several
optimiser steps by manual optimisation; metrics are counted once per macro-batch and logged once
per epoch.
"""

import logging
import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol, cast

import torch
from lightning import LightningModule
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.optim import Optimizer
from torchmetrics import MeanMetric, Metric, MetricCollection
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score

from tune_mc1.config.trial import TrialConfig
from tune_mc1.errors import DivergedError
from tune_mc1.models.build import Classifier
from tune_mc1.models.fused import FusedClassifier
from tune_mc1.training.augment import augment_batch
from tune_mc1.training.checkpoint_fit import check_fit
from tune_mc1.training.epoch_counts import EpochCounts
from tune_mc1.training.learning_rates import LearningRates, learning_rates
from tune_mc1.training.lightning_private import step_counter
from tune_mc1.training.normalize import Normalize
from tune_mc1.training.optimizers.base import (
    GroupOptimizer,
    make_group_optimizer,
    make_optimizer,
)
from tune_mc1.training.steps import GraphSteps, Steps, is_recordable
from tune_mc1.training.torch_private import CLEAR_CUBLAS

log = logging.getLogger(__name__)


class Inputs(Protocol):
    """Labelled inputs of a network in memory, accessed by index."""

    def gather(self, indices: Tensor) -> Tensor:
        """Inputs at int64 indices (B,) or (B, lanes), as float (B, ...)."""

    def gather_labels(self, indices: Tensor) -> Tensor:
        """Their labels, int64, in the shape of `indices`."""


class ClassifierModule(LightningModule):
    """Trains a classifier on images in memory; a batch is a tensor of image indices.

    With a fused model it trains several trials independently, each as if it were alone.

    Args:
        configs: The parameters of each trial; a single one for a plain model.
        model: Maps inputs to logits: (B, classes) if plain, (trials, B, classes) if fused.
        train: Inputs of `training_step`.
        val: Inputs of `validation_step`.
        classes: Number of classes.
        total_steps: Optimiser steps of all epochs, for learning-rate schedules.
        normalize: Normalisation of the inputs after augmentation; None leaves them as they are.

    Attributes:
        epoch_metrics: The metrics of this epoch so far, per trial.
        diverged: Errors of trials whose loss is no longer finite, by the trial's index.
        test_metrics: The metrics of the last test.
    """

    def __init__(
        self,
        configs: Sequence[TrialConfig],
        model: Classifier | FusedClassifier,
        train: Inputs,
        val: Inputs,
        classes: int,
        total_steps: int = 0,
        normalize: Normalize | None = None,
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.configs = list(configs)
        self.model = model
        self.train_inputs = train
        self.val_inputs = val
        self.classes = classes
        self.total_steps = total_steps
        self._normalize: Callable[[Tensor], Tensor] = normalize or _unchanged
        self.epoch_metrics: list[dict[str, float]] = [{} for _ in self.configs]
        self.diverged: dict[int, DivergedError] = {}
        self._steps: Steps | None = None
        self._rates: LearningRates | None = None
        self._said_unrecorded = False

    @property
    def fused(self) -> bool:
        """True if the model has a trial axis."""
        return isinstance(self.model, FusedClassifier)

    def configure_optimizers(self) -> Optimizer:
        """The optimiser that the trials name, for the trained parameters."""
        trained = [p for p in self.parameters() if p.requires_grad]
        if self.fused:
            return make_group_optimizer(self.configs, trained)
        return make_optimizer(self.configs[0], trained)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuses the checkpoint of another network, before Lightning loads it."""
        check_fit(checkpoint["state_dict"], self.state_dict(), self.configs[0].model)

    def on_train_epoch_start(self) -> None:
        """Resets the counts for the epoch."""
        self._train_counts = self._counts()
        self.epoch_metrics = [{} for _ in self.configs]

    def training_step(self, batch: Tensor, batch_idx: int) -> None:
        """Does one optimiser step for each batch of a macro-batch.

        Args:
            batch: int64 indices of the images of several consecutive batches: (n,), or (n, lanes)
                if trials read different images.
            batch_idx: Index of the macro-batch in the epoch.

        Raises:
            DivergedError: If all trials have diverged.
        """
        images, labels = self.train_inputs.gather(batch), self.train_inputs.gather_labels(batch)
        augment_batch(self.configs, images, labels, batch, self.current_epoch)
        images = self._normalize(images)
        labels = self._by_trial(labels)
        if self._steps is None:
            self._steps = self._make_steps()
        outputs, model, do_step = [], self.model, self._steps
        size, first = self.configs[0].batch_size, self.global_step
        batches = zip(torch.split(images, size), torch.split(labels, size, dim=-1), strict=True)
        for step, (x, y) in enumerate(batches, first):
            model.at_step(step)
            if self._rates is not None:
                self._rates.set(step)
            outputs.append(do_step(x, y))
        sums = self._train_counts.add(torch.cat(outputs, dim=-2), labels)
        self._note_divergence(sums.tolist())

    def _make_steps(self) -> Steps:
        optimizer = self.optimizers()
        assert isinstance(optimizer, LightningOptimizer)
        loss_of = self._group_loss if self.fused else cross_entropy
        count = step_counter(self.trainer) if self.device.type == "cuda" else None
        allowed = CLEAR_CUBLAS.usable() and is_recordable(self.configs[0], self.model)
        if count is not None and not allowed and not self._said_unrecorded:
            self._said_unrecorded = True
            log.info("optimiser steps run operation by operation, not as a recorded CUDA graph")
        recorded = count is not None and allowed
        self._rates = learning_rates(self.configs, optimizer.optimizer, self.total_steps, recorded)
        if count is None or not recorded:
            return Steps(self.model, loss_of, optimizer)
        return GraphSteps(self.model, loss_of, optimizer, count)

    def _by_trial(self, labels: Tensor) -> Tensor:
        """Labels (n,) of all trials as they are; (n, lanes) as (trials, n)."""
        if labels.ndim == 1:
            return labels
        return labels.T.repeat_interleave(len(self.configs) // labels.shape[1], dim=0)

    def _group_loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The sum of the trials' mean losses of a batch."""
        trials, batch, classes = logits.shape
        targets = labels.expand(trials, batch).reshape(-1)
        return cross_entropy(logits.reshape(-1, classes), targets, reduction="sum") / batch

    def _note_divergence(self, loss_sums: list[float]) -> None:
        for index, value in enumerate(loss_sums):
            if not math.isfinite(value):
                error = DivergedError(self.current_epoch + 1, self.global_step, value)
                self.diverged.setdefault(index, error)
        if len(self.diverged) == len(self.configs):
            raise self.diverged[0]

    def on_train_epoch_end(self) -> None:
        """Keeps the training metrics of the epoch."""
        self._keep_metrics(self._train_counts.compute("train"))

    def on_validation_epoch_start(self) -> None:
        """Resets the counts for the validation."""
        self._val_counts = self._counts()

    def validation_step(self, batch: Tensor, batch_idx: int) -> None:
        """Counts predictions of validation images, by their indices (n,) or (n, lanes)."""
        logits = self.model(self._normalize(self.val_inputs.gather(batch)))
        self._val_counts.add(logits, self._by_trial(self.val_inputs.gather_labels(batch)))

    def on_validation_epoch_end(self) -> None:
        """Keeps the validation metrics of the epoch."""
        self._keep_metrics(self._val_counts.compute("val"))

    def on_test_start(self) -> None:
        """Creates the metrics of the test.

        Loss, accuracy and F1 are those of torchmetrics, in 32 bits, as in results of all versions.
        """
        kinds: dict[str, Metric | MetricCollection] = {
            "test_acc": MulticlassAccuracy(self.classes, average="micro"),
            "test_f1": MulticlassF1Score(self.classes, average="macro"),
        }
        self._test_metrics = MetricCollection(kinds).to(self.device)
        self._test_loss = MeanMetric().to(self.device)
        self._test_counts = self._counts()
        self._probabilities: list[Tensor] = []

    def test_step(self, batch: Tensor, batch_idx: int) -> None:
        """Scores test images of one trial, by their indices (n,) into the validation inputs."""
        images, labels = self.val_inputs.gather(batch), self.val_inputs.gather_labels(batch)
        logits = self.model(self._normalize(images))
        self._test_metrics.update(logits, labels)
        self._test_loss.update(cross_entropy(logits, labels), len(labels))
        self._test_counts.add(logits, labels)
        self._probabilities.append(logits.float().softmax(dim=-1))

    def on_test_epoch_end(self) -> None:
        """Keeps the test metrics."""
        own = {"test_loss": self._test_loss.compute(), **self._test_metrics.compute()}
        (all_,) = self._test_counts.compute("test")
        self.test_metrics = all_ | {name: float(value) for name, value in own.items()}

    def test_predictions(self) -> tuple[Tensor, Tensor]:
        """Predicted class of each test image, int64 (N,), and its probability, float (N,)."""
        confidence, predicted = torch.cat(self._probabilities).max(dim=-1)
        return predicted, confidence

    def keep(self, indices: Tensor) -> None:
        """Keeps only some of a group's trials, packed together.

        Args:
            indices: int64, their ascending indices.
        """
        self.forget_steps()
        cast(FusedClassifier, self.model).keep(indices)
        optimizer = cast(LightningOptimizer, self.optimizers()).optimizer
        cast(GroupOptimizer, optimizer).keep(indices)
        kept = indices.tolist()
        self.configs = [self.configs[i] for i in kept]
        self.epoch_metrics = [self.epoch_metrics[i] for i in kept]
        self.diverged = {n: self.diverged[i] for n, i in enumerate(kept) if i in self.diverged}

    def forget_steps(self) -> None:
        """Releases the recorded step, which holds GPU memory."""
        self._steps = None

    def _counts(self) -> EpochCounts:
        return EpochCounts(self.classes, self.device, len(self.configs))

    def _keep_metrics(self, each: list[dict[str, float]]) -> None:
        for kept, metrics in zip(self.epoch_metrics, each, strict=True):
            kept.update(metrics)
        if len(each) == 1:
            self.log_dict(each[0])


def _unchanged(images: Tensor) -> Tensor:
    return images
