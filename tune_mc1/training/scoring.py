"""LightningModule that scores one trial or a group: validation and test, exact over an epoch."""

from collections.abc import Callable, Sequence

from lightning import LightningModule
from torch import Tensor

from tune_mc1.config.trial import TrialConfig
from tune_mc1.models.build import Classifier
from tune_mc1.models.fused import FusedClassifier
from tune_mc1.models.views import mean_over_views
from tune_mc1.training.averaging import AveragedWeights
from tune_mc1.training.epoch_counts import EpochCounts
from tune_mc1.training.epoch_scores import EpochScores, latency_ms, param_count
from tune_mc1.training.inputs import Inputs
from tune_mc1.training.normalize import Normalize
from tune_mc1.training.test_scores import TestScores


class ScoringModule(LightningModule):
    """Scores classifiers on images in memory; a batch is a tensor of image indices.

    Args:
        configs: The parameters of each trial; a single one for a plain model.
        model: Maps inputs to logits: (B, classes) if plain, (trials, B, classes) if fused.
        val: Inputs of `validation_step` and `test_step`.
        classes: Number of classes.
        chosen: Further metrics that the sweep chooses (`tune_mc1.config.chosen_metrics`).
        normalize: Normalisation of the inputs after augmentation; None leaves them as they are.

    Attributes:
        averaged: Averaged weights, which are then scored instead of the model's own.
        epoch_metrics: The metrics of this epoch so far, per trial.
        test_metrics: The metrics of the last test.
    """

    def __init__(
        self,
        configs: Sequence[TrialConfig],
        model: Classifier | FusedClassifier,
        val: Inputs,
        classes: int,
        chosen: Sequence[str] = (),
        normalize: Normalize | None = None,
    ) -> None:
        super().__init__()
        self.configs = list(configs)
        self.model = model
        self.val_inputs = val
        self.classes = classes
        self.chosen = tuple(chosen)
        self.averaged: AveragedWeights | None = None
        self.epoch_metrics: list[dict[str, float]] = [{} for _ in self.configs]
        self._normalize: Callable[[Tensor], Tensor] = normalize or _unchanged

    @property
    def fused(self) -> bool:
        """True if the model has a trial axis."""
        return isinstance(self.model, FusedClassifier)

    def on_validation_epoch_start(self) -> None:
        """Resets the counts for the validation."""
        self._val_counts = self.new_counts()
        self._val_scores = EpochScores(self.chosen, len(self.configs))

    def validation_step(self, batch: Tensor, batch_idx: int) -> None:
        """Counts predictions of validation images, by their indices (n,) or (n, lanes)."""
        inputs = self._normalize(self.val_inputs.gather(batch))
        if batch_idx == 0 and "latency_ms" in self.chosen:
            self._keep_metrics([{"latency_ms": latency_ms(self._predict, inputs[:1])}])
        logits = self._predict(inputs, views=self.configs[0].test_time_in_validation)
        labels = self.val_inputs.gather_labels(batch)
        self._val_counts.add(logits, self._by_trial(labels))
        self._val_scores.add(logits, self._by_trial(labels))

    def _predict(self, inputs: Tensor, *, views: bool = True) -> Tensor:
        """Logits, averaged over the views that the trials ask for (`test_time_flip`)."""
        config = self.configs[0]
        return mean_over_views(
            self.averaged or self.model,
            inputs,
            flip=views and config.test_time_flip,
            translate=config.test_time_translate if views else 0,
        )

    def on_validation_epoch_end(self) -> None:
        """Keeps the validation metrics of the epoch."""
        self._keep_metrics(self._val_counts.compute("val"))
        if self.chosen:
            scores = self._val_scores.compute("val")
            if "param_count" in self.chosen:
                count = param_count(self, len(self.configs))
                scores = [own | {"param_count": count} for own in scores]
            self._keep_metrics(scores)

    def on_test_start(self) -> None:
        """Starts the scores of the test."""
        self._test_scores = TestScores(self.classes, self.device, self.chosen)

    def test_step(self, batch: Tensor, batch_idx: int) -> None:
        """Scores test images of one trial, by their indices (n,) into the validation inputs."""
        images, labels = self.val_inputs.gather(batch), self.val_inputs.gather_labels(batch)
        self._test_scores.add(self._predict(self._normalize(images)), labels)

    def on_test_epoch_end(self) -> None:
        """Keeps the test metrics."""
        self.test_metrics = self._test_scores.compute()

    def test_predictions(self) -> tuple[Tensor, Tensor]:
        """Predicted class of each test image, int64 (N,), and its probability, float (N,)."""
        return self._test_scores.predictions()

    def _by_trial(self, labels: Tensor) -> Tensor:
        """Labels (n,) of all trials as they are; (n, lanes) as (trials, n)."""
        if labels.ndim == 1:
            return labels
        return labels.T.repeat_interleave(len(self.configs) // labels.shape[1], dim=0)

    def new_counts(self) -> EpochCounts:
        """Counts of an epoch that begins."""
        return EpochCounts(self.classes, self.device, len(self.configs))

    def _keep_metrics(self, each: list[dict[str, float]]) -> None:
        for kept, metrics in zip(self.epoch_metrics, each, strict=True):
            kept.update(metrics)
        if len(each) == 1:
            self.log_dict(each[0])


def _unchanged(images: Tensor) -> Tensor:
    return images
