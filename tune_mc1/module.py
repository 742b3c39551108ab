"""The LightningModule: loss, optimiser, and metrics from counts.

At batch 32 a small network's step takes half a millisecond, and Lightning's own work per
`training_step` would take as long again. So one `training_step` does a macro-batch of several
optimiser steps by manual optimisation; metrics are counted once a macro-batch and logged once an
epoch.
"""

import math
from collections.abc import Mapping
from typing import Any, Protocol

import torch
from lightning import LightningModule
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import SGD, Adam, AdamW, Optimizer
from torchmetrics import MeanMetric, Metric, MetricCollection
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score

from tune_mc1.config.trial import TrialConfig
from tune_mc1.errors import DivergedError
from tune_mc1.metrics import EpochCounts


class Inputs(Protocol):
    """Labelled inputs of a network in memory, taken by their indices."""

    def gather(self, indices: Tensor) -> Tensor:
        """The inputs at int64 (B,), as float (B, ...)."""

    def gather_labels(self, indices: Tensor) -> Tensor:
        """Their labels, int64 (B,)."""


class ClassifierModule(LightningModule):
    """Trains a classifier on images in memory; a batch is a tensor of image indices.

    Args:
        config: The trial's parameters.
        model: Maps float inputs, such as images (B, channels, height, width), to logits
            (B, classes).
        train: What `training_step` takes indices into.
        val: What `validation_step` takes indices into.
        classes: Number of classes.
    """

    def __init__(
        self,
        config: TrialConfig,
        model: nn.Module,
        train: Inputs,
        val: Inputs,
        classes: int,
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.config = config
        self.model = model
        self.train_inputs = train
        self.val_inputs = val
        self.classes = classes
        self.epoch_metrics: dict[str, float] = {}

    def configure_optimizers(self) -> Optimizer:
        """The optimiser that the trial names, over the parameters that are trained."""
        return make_optimizer(self.config, [p for p in self.parameters() if p.requires_grad])

    def on_train_epoch_start(self) -> None:
        """Starts the counts of the epoch."""
        self._train_counts = EpochCounts(self.classes, self.device)
        self.epoch_metrics = {}

    def training_step(self, batch: Tensor, batch_idx: int) -> None:
        """Does one optimiser step for each batch of a macro-batch.

        Args:
            batch: int64 indices of the images of several batches, one after the other.
            batch_idx: Index of the macro-batch in the epoch.

        Raises:
            DivergedError: If a loss is not finite.
        """
        images, labels = self.train_inputs.gather(batch), self.train_inputs.gather_labels(batch)
        optimizer = self.optimizers()
        assert isinstance(optimizer, LightningOptimizer)
        stream = getattr(self.model, "dropout_stream", None)
        outputs, losses = [], []
        size = self.config.batch_size
        for x, y in zip(torch.split(images, size), torch.split(labels, size), strict=True):
            if stream is not None:
                stream.step = self.global_step
            logits = self.model(x)
            loss = cross_entropy(logits, y)
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            outputs.append(logits.detach())
            losses.append(loss.detach() * len(y))
        loss_sum = torch.stack(losses).sum()
        self._refuse_divergence(loss_sum)
        self._train_counts.add(torch.cat(outputs), labels, loss_sum)

    def _refuse_divergence(self, loss_sum: Tensor) -> None:
        value = loss_sum.item()
        if not math.isfinite(value):
            raise DivergedError(self.current_epoch + 1, self.global_step, value)

    def on_train_epoch_end(self) -> None:
        """Logs the training metrics of the epoch."""
        self._keep(self._train_counts.compute("train"))

    def on_validation_epoch_start(self) -> None:
        """Starts the counts of the validation."""
        self._val_counts = EpochCounts(self.classes, self.device)

    def validation_step(self, batch: Tensor, batch_idx: int) -> None:
        """Counts predictions of validation images, given by their indices (B,)."""
        images, labels = self.val_inputs.gather(batch), self.val_inputs.gather_labels(batch)
        logits = self.model(images)
        self._val_counts.add(logits, labels, cross_entropy(logits, labels, reduction="sum"))

    def on_validation_epoch_end(self) -> None:
        """Logs the validation metrics of the epoch."""
        self._keep(self._val_counts.compute("val"))

    def on_test_start(self) -> None:
        """Makes the metrics of the test: once a sweep, so torchmetrics' own will do."""
        kinds: dict[str, Metric | MetricCollection] = {
            "test_acc": MulticlassAccuracy(self.classes, average="micro"),
            "test_f1": MulticlassF1Score(self.classes, average="macro"),
        }
        self._test_metrics = MetricCollection(kinds).to(self.device)
        self._test_loss = MeanMetric().to(self.device)

    def test_step(self, batch: Tensor, batch_idx: int) -> None:
        """Scores test images, given by their indices (B,) into the validation inputs."""
        images, labels = self.val_inputs.gather(batch), self.val_inputs.gather_labels(batch)
        logits = self.model(images)
        self._test_metrics.update(logits, labels)
        self._test_loss.update(cross_entropy(logits, labels), len(labels))

    def on_test_epoch_end(self) -> None:
        """Logs the test metrics."""
        self.log_dict({"test_loss": self._test_loss.compute(), **self._test_metrics.compute()})

    def _keep(self, metrics: Mapping[str, float]) -> None:
        self.epoch_metrics |= metrics
        self.log_dict(metrics)


def make_optimizer(config: TrialConfig, parameters: list[nn.Parameter]) -> Optimizer:
    """The optimiser that a trial names, with its learning rate, decay and momentum."""
    settings: dict[str, Any] = {
        "lr": config.learning_rate,
        "weight_decay": config.weight_decay,
        "fused": True,  # one call for all parameters: 4 % of a small network's step
    }
    if config.optimizer == "SGD":
        return SGD(parameters, momentum=config.momentum, **settings)
    return (Adam if config.optimizer == "Adam" else AdamW)(parameters, **settings)
