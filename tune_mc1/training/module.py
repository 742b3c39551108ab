"""LightningModule of one trial or a group: loss, optimiser, and metrics from counts.

With batches of 32, a small network's step takes half a millisecond, and Lightning's overhead per
`training_step` would take as long again. So one `training_step` does a macro-batch of several
optimiser steps by manual optimisation; metrics are counted once per macro-batch and logged once
per epoch.
"""

import logging
import math
from collections.abc import Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any, cast

import torch
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor
from torch.optim import Optimizer

from tune_mc1.config.recipe.fine_tuning import BACKBONE
from tune_mc1.config.trial import TrialConfig
from tune_mc1.errors import DivergedError
from tune_mc1.models.build import Classifier
from tune_mc1.models.fused import FusedClassifier
from tune_mc1.training.augment import augment_batch
from tune_mc1.training.averaging import TRAINED, averaged_weights
from tune_mc1.training.checkpoint_fit import check_fit, with_backbone, without_backbone
from tune_mc1.training.clipping import gradient_clip
from tune_mc1.training.compiled import CompiledForward
from tune_mc1.training.copied_checkpoint import with_own_settings
from tune_mc1.training.epoch_counts import EpochCounts
from tune_mc1.training.inputs import Inputs
from tune_mc1.training.learning_rates import LearningRates, learning_rates
from tune_mc1.training.lightning_private import step_counter
from tune_mc1.training.losses import GroupLoss, make_loss
from tune_mc1.training.mixing import mix_batch
from tune_mc1.training.model_facts import FACTS, ModelFacts
from tune_mc1.training.normalize import Normalize
from tune_mc1.training.optimizers.base import (
    GroupOptimizer,
    make_group_optimizer,
    make_optimizer,
)
from tune_mc1.training.optimizers.parts import parts_of
from tune_mc1.training.scoring import ScoringModule
from tune_mc1.training.steps import BY_OPERATION, GraphSteps, Steps
from tune_mc1.training.torch_private import CLEAR_CUBLAS

if TYPE_CHECKING:
    from tune_mc1.training.mid_epoch import MidEpoch

log = logging.getLogger(__name__)

PREFIX = "model."
"""Of the model's names in a module's state."""


class ClassifierModule(ScoringModule):
    """Trains a classifier on images in memory; a batch is a tensor of image indices.

    With a fused model it trains several trials independently, each as if it were alone.

    Args:
        configs: The parameters of each trial; a single one for a plain model.
        model: Maps inputs to logits: (B, classes) if plain, (trials, B, classes) if fused.
        train: Inputs of `training_step`.
        val: Inputs of `validation_step`.
        classes: Number of classes.
        total_steps: Optimiser steps of all epochs, for learning-rate schedules.
        class_weights: Of each trial, on its device (`tune_mc1.training.losses`).
        chosen: Further metrics that the sweep chooses (`tune_mc1.config.chosen_metrics`).
        normalize: Normalisation of the inputs after augmentation; None leaves them as they are.

    Attributes:
        diverged: Errors of trials whose loss is no longer finite, by the trial's index.
        facts: What a checkpoint says of the network of each trial; empty to say nothing.
        mid_epoch: Saves within long epochs; None without checkpoints.
        train_counts: Of the epoch's training predictions.
        unrecorded: Why a GPU does not record its steps; empty if it does.
    """

    def __init__(
        self,
        configs: Sequence[TrialConfig],
        model: Classifier | FusedClassifier,
        train: Inputs,
        val: Inputs,
        classes: int,
        total_steps: int = 0,
        class_weights: Sequence[Tensor | None] | None = None,
        chosen: Sequence[str] = (),
        normalize: Normalize | None = None,
    ) -> None:
        super().__init__(configs, model, val, classes, chosen, normalize)
        self.automatic_optimization = False
        self.train_inputs = train
        self.total_steps = total_steps
        self.class_weights = list(class_weights or [None] * len(configs))
        self.diverged: dict[int, DivergedError] = {}
        self.facts: list[ModelFacts] = []
        self.averaged = averaged_weights(configs, model, self.fused)
        self.mid_epoch: MidEpoch | None = None
        self.train_counts: EpochCounts
        self._clip = gradient_clip(configs, self.fused)
        self._steps: Steps | None = None
        self._forward: CompiledForward | None = None
        self._rates: LearningRates | None = None
        self.unrecorded = ""
        self._said_unrecorded = False

    def configure_optimizers(self) -> Optimizer:
        """The optimiser that the trials name, for the trained parameters."""
        parts = parts_of(self.model, self.configs[0])
        if self.fused:
            return make_group_optimizer(self.configs, parts)
        return make_optimizer(self.configs[0], parts)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuses the checkpoint of another network, before Lightning loads it."""
        checkpoint["state_dict"] = with_backbone(checkpoint["state_dict"], self.state_dict())
        check_fit(checkpoint["state_dict"], self.state_dict(), self.configs[0].model)
        parts = parts_of(self.model, self.configs[0])
        with_own_settings(checkpoint, self.configs, parts, fused=self.fused)
        if TRAINED in checkpoint:
            if self.averaged is not None:
                self.averaged.load(checkpoint["state_dict"], PREFIX)
            checkpoint["state_dict"] = {**checkpoint["state_dict"], **checkpoint[TRAINED]}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Lets a checkpoint have the averaged weights, where there are any, and its facts.

        A network that `freeze` has divided is built again with the same backbone, which is large.
        """
        if self.averaged is not None:
            self.averaged.save(checkpoint, PREFIX)
        if self.configs[0].freeze == BACKBONE:
            checkpoint["state_dict"] = without_backbone(checkpoint["state_dict"])
        if self.facts:
            checkpoint[FACTS] = {"trials": [facts.record() for facts in self.facts]}

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Clips gradients that were scaled for float16, now that they are scaled back."""
        if self._clip is not None and self._scaler is not None:
            self._clip([p for group in optimizer.param_groups for p in group["params"]])

    @property
    def _scaler(self) -> torch.amp.GradScaler | None:
        return getattr(self.trainer.precision_plugin, "scaler", None)

    def on_train_epoch_start(self) -> None:
        """Resets the counts for the epoch."""
        self.train_counts = self.new_counts()
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
        outputs: list[Tensor] = []
        done, mid_epoch = 0, self.mid_epoch
        if mid_epoch is not None and mid_epoch.taken:
            outputs, done = mid_epoch.take_up(self, labels)
        model, do_step, size = self.model, self._steps, self.configs[0].batch_size
        parts = (torch.split(images, size)[done:], torch.split(labels, size, dim=-1)[done:])
        for step, (x, y) in enumerate(zip(*parts, strict=True), self.global_step):
            model.at_step(step)
            if self._rates is not None:
                self._rates.set(step)
            outputs.append(do_step(*mix_batch(self.configs[0], x, y, step, self.classes)))
            if self.averaged is not None:
                self.averaged.update(step + 1)
            if mid_epoch is not None and monotonic() >= mid_epoch.due:
                mid_epoch.save(self, batch_idx, outputs, labels)
        sums = self.train_counts.add(torch.cat(outputs, dim=-2), labels)
        self._note_divergence(sums.tolist())

    def _make_steps(self) -> Steps:
        optimizer = self.optimizers()
        assert isinstance(optimizer, LightningOptimizer)
        weights = self.class_weights
        loss_of = (
            GroupLoss(self.configs, weights)
            if self.fused
            else make_loss(self.configs[0], weights[0])
        )
        count = step_counter(self.trainer) if self.device.type == "cuda" else None
        if count is not None and self.unrecorded and not self._said_unrecorded:
            self._said_unrecorded = True
            log.info("%s, not as a recorded CUDA graph: %s", BY_OPERATION, self.unrecorded)
        recorded = count is not None and not self.unrecorded and CLEAR_CUBLAS.usable()
        self._rates = learning_rates(self.configs, optimizer.optimizer, self.total_steps, recorded)
        if self.configs[0].torch_compile and self._forward is None:
            self._forward = CompiledForward(cast(Classifier, self.model))
        if count is not None and recorded:
            return GraphSteps(self.model, loss_of, optimizer, count, self._clip, self._forward)
        scale, clip = (None, self._clip) if self._scaler is None else (self._scaler.scale, None)
        return Steps(self.model, loss_of, optimizer, clip, scale, self._forward)

    def _note_divergence(self, loss_sums: list[float]) -> None:
        for index, value in enumerate(loss_sums):
            if not math.isfinite(value):
                error = DivergedError(self.current_epoch + 1, self.global_step, value)
                self.diverged.setdefault(index, error)
        if len(self.diverged) == len(self.configs):
            raise self.diverged[0]

    def on_train_epoch_end(self) -> None:
        """Keeps the training metrics of the epoch."""
        self._keep_metrics(self.train_counts.compute("train"))

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
        if self.mid_epoch is not None:
            self.mid_epoch.keep(kept)
        self.class_weights = [self.class_weights[i] for i in kept]
        if self.averaged is not None:
            self.averaged.keep(indices)
        self._clip = gradient_clip(self.configs, self.fused)
        self.epoch_metrics = [self.epoch_metrics[i] for i in kept]
        self.facts = [self.facts[i] for i in kept if self.facts]
        self.diverged = {n: self.diverged[i] for n, i in enumerate(kept) if i in self.diverged}

    def forget_steps(self) -> None:
        """Releases the recorded step, which holds GPU memory."""
        if self._steps is not None and self._steps.refused:
            self.unrecorded, self._said_unrecorded = "PyTorch refused", True
        self._steps = None
