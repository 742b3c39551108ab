"""Losses: of one trial by PyTorch's own functions, and the same arithmetic for a group."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, log_softmax

from tune_mc1.config.losses import class_weights_problem, find_loss
from tune_mc1.config.recipe.loss import BALANCED
from tune_mc1.config.recipe.number_list import numbers_in
from tune_mc1.config.trial import TrialConfig
from tune_mc1.config.user_code import import_object
from tune_mc1.errors import TrialError
from tune_mc1.registry import resolve

LossOf = Callable[[Tensor, Tensor], Tensor]
"""Maps logits (N, classes) and labels, int64 (N,) or float (N, classes), to the mean loss."""

DEFAULT_GAMMA = 2.0
"""`focal_gamma` of `FocalLoss`."""

LEAST = 1e-12
"""Smallest `1 - p` of the focal loss, so that its gradient is finite for every exponent."""


def weights_of_classes(config: TrialConfig, labels: Tensor, classes: int) -> Tensor | None:
    """Weight of each class in a trial's loss, float (classes,); None without `class_weights`.

    Args:
        config: The trial's parameters.
        labels: int64 (n,), of its training images. With `balanced` a class weighs
            `n / (classes * count)` (scikit-learn); one without training images 0.
        classes: Number of classes.

    Raises:
        TrialError: If the number of weights is not that of the classes.
    """
    if config.class_weights is None:
        return None
    problem = class_weights_problem(config.class_weights, classes)
    if problem:
        raise TrialError(problem)
    if config.class_weights != BALANCED:
        return torch.tensor(numbers_in(config.class_weights))
    counts = torch.bincount(labels.cpu(), minlength=classes)
    weights = len(labels) / (classes * counts.double())
    return weights.masked_fill(counts == 0, 0).float()


def class_weights(
    configs: Sequence[TrialConfig], labels: Iterable[Tensor], classes: int, device: torch.device
) -> list[Tensor | None]:
    """Weights of the classes in the losses of several trials, on their device.

    Args:
        configs: Parameters of each trial.
        labels: Of its training images.
        classes: Number of classes.
        device: The device.

    Raises:
        TrialError: If the number of weights is not that of the classes.
    """
    pairs = zip(configs, labels, strict=True)
    made = [weights_of_classes(config, of_trial, classes) for config, of_trial in pairs]
    return [None if weights is None else weights.to(device) for weights in made]


def make_loss(config: TrialConfig, weights: Tensor | None) -> LossOf:
    """The loss that a trial names.

    Args:
        config: The trial's parameters.
        weights: Of `weights_of_classes`, on the trial's device.
    """
    made: LossOf = resolve(find_loss(config.loss_function).build)(config, weights)
    return made


def gamma_of(config: TrialConfig) -> float:
    """Exponent of a trial's focal loss; 0 is plain cross-entropy."""
    if config.focal_gamma is not None:
        return config.focal_gamma
    return DEFAULT_GAMMA if config.loss_function == "FocalLoss" else 0.0


def make_cross_entropy(config: TrialConfig, weights: Tensor | None) -> LossOf:
    """PyTorch's `cross_entropy`, or the focal loss; with weights, that of `GroupLoss`."""
    if gamma_of(config) or (weights is not None and (config.mixup_alpha or config.cutmix_alpha)):
        group = GroupLoss([config], [weights])
        return lambda logits, labels: group(logits.unsqueeze(0), labels)
    if weights is None and not config.label_smoothing:
        return cross_entropy
    return partial(cross_entropy, weight=weights, label_smoothing=config.label_smoothing)


def make_own(config: TrialConfig, _: Tensor | None) -> LossOf:
    """A loss of the user's own: a function, or a class that is called without arguments.

    It may return the loss of each image instead of their mean.
    """
    found = import_object(config.loss_function)
    loss: Any = found() if isinstance(found, type) else found

    def mean_loss(logits: Tensor, labels: Tensor) -> Tensor:
        value = (loss.to(logits.device) if isinstance(loss, nn.Module) else loss)(logits, labels)
        if not isinstance(value, Tensor):
            kind = type(value).__name__
            raise TrialError(f"loss_function {config.loss_function}: must return a tensor of the "
                             f"loss, got {kind}")  # fmt: skip
        return value.mean()

    return mean_loss


class GroupLoss:
    """The sum of the trials' mean losses, each smoothed, weighted and focal in its own way.

    With weights, the mean is over the weights of the labels, as in PyTorch, also where labels are
    probabilities: PyTorch divides by the number of images then, so that mixup would change the
    scale of the loss, and with it the learning rate that fits.

    Args:
        configs: Parameters of each trial.
        weights: Of `weights_of_classes`, for each trial, on its device.
    """

    def __init__(self, configs: Sequence[TrialConfig], weights: Sequence[Tensor | None]) -> None:
        self._smoothing = [config.label_smoothing for config in configs]
        self._gammas = [gamma_of(config) for config in configs]
        given = next((w for w in weights if w is not None), None)
        self._weights: Tensor | None = None
        if given is not None:
            each = [torch.ones_like(given) if w is None else w for w in weights]
            self._weights = torch.stack(each).unsqueeze(1)
        self._columns: tuple[Tensor, Tensor] | None = None

    def __call__(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Computes it.

        Args:
            logits: (trials, B, classes).
            labels: int64 (B,) or (trials, B), or float (B, classes) or (trials, B, classes).
        """
        trials, batch, classes = logits.shape
        soft = labels.is_floating_point()
        if not soft and self._weights is None and not any(self._smoothing + self._gammas):
            targets = labels.expand(trials, batch).reshape(-1)
            return cross_entropy(logits.reshape(-1, classes), targets, reduction="sum") / batch
        logs = log_softmax(logits.float(), dim=-1)
        smoothing, gammas = self._of_trials(logs)
        ones = labels if soft else labels[..., None] == torch.arange(classes, device=labels.device)
        ones = ones.expand(logits.shape).to(logs)
        terms = -(ones * (1 - smoothing) + smoothing / classes) * logs
        if any(self._gammas):
            terms = terms * (-torch.expm1(logs)).clamp_min(LEAST) ** gammas
        if self._weights is None:
            return terms.sum() / batch
        sums = (terms * self._weights).sum(dim=(1, 2))
        return (sums / (ones * self._weights).sum(dim=(1, 2))).sum()

    def _of_trials(self, like: Tensor) -> tuple[Tensor, Tensor]:
        """Smoothing and exponent of each trial, (trials, 1, 1)."""
        if self._columns is None:
            smoothing, gammas = (
                like.new_tensor(values).view(-1, 1, 1) for values in (self._smoothing, self._gammas)
            )
            self._columns = smoothing, gammas
        return self._columns
