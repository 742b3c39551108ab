"""Group of trials that are trained together, with the lanes of images that they read."""

import math
from collections.abc import Hashable, Sequence

import torch

from tune_mc1.config.trial import Trial
from tune_mc1.config.validation import Validation
from tune_mc1.data.batches import STEPS_PER_MACRO, EvalBatches, LaneBatches, MacroBatches
from tune_mc1.data.images import ImageData, Labels
from tune_mc1.data.splits import Split, make_split
from tune_mc1.planning.memory import image_bytes

EVAL_BATCH = 500
"""Batch size of all trials of a group together, if no gradient is needed: fits in a CPU cache."""

GPU_EVAL_BATCH = 4000
"""The same on a GPU, which needs work for all its multiprocessors."""

GPU_EVAL_BYTES = 2**30
"""Maximum memory for those images on a GPU, besides the weights."""

GPU_STEPS_PER_MACRO = 256
"""Optimiser steps per macro-batch on a GPU, which idles between macro-batches."""

MACRO_BYTES = 256 * 2**20
"""Maximum memory for the images of a macro-batch."""


class Group:
    """One trial, or several fusible ones (`tune_mc1.planning.fusion`).

    Trials with equal seed, fold and augmentation read the same images in the same order: one lane.
    Without shuffling and augmentation, an equal fold is enough.

    Args:
        trials: The trials; they are sorted by lane.
        data: The images.
        validation: Choice of the validation images.
        gpu: Whether they are trained on a GPU.
        steps_per_macro: Optimiser steps per macro-batch, of a checkpoint within an epoch; None
            chooses them.

    Attributes:
        steps_per_macro: Optimiser steps per macro-batch.
        trials: The remaining trials.
        train: Their training batches.
        val: Their validation batches.
        val_from: `train` if validation images are training images, `test` if they are test images.
    """

    def __init__(
        self,
        trials: Sequence[Trial],
        data: ImageData,
        validation: Validation,
        gpu: bool = False,
        steps_per_macro: int | None = None,
    ) -> None:
        self.trials = sorted(trials, key=lambda t: t.image_order)
        folds = dict.fromkeys(t.fold for t in self.trials)
        self._splits: dict[int | None, Split] = {f: make_split(data, validation, f) for f in folds}
        self.val_from = self._splits[self.trials[0].fold].val_from
        # Lightning counts the batches of an epoch only once, so `keep` must not change the sizes.
        count = len(lanes([t.image_order for t in self.trials]))
        config = self.trials[0].config
        step_bytes = 4 * math.prod(config.input_shape(data.image_shape)) * config.batch_size
        most = min(GPU_STEPS_PER_MACRO if gpu else STEPS_PER_MACRO, MACRO_BYTES // step_bytes)
        self.steps_per_macro = steps_per_macro or max(1, most // count)
        eval_batch = EVAL_BATCH // len(self.trials)
        if gpu:
            shape, classes = data.image_shape, len(data.classes)
            each = image_bytes(self.trials[0].config, shape, classes, len(self.trials) > 1)
            eval_batch = min(GPU_EVAL_BATCH, GPU_EVAL_BYTES // each) // len(self.trials)
        self.train = LaneBatches(self._train_lanes())
        self.val = EvalBatches(self._val_lanes(), max(1, eval_batch))

    @property
    def total_steps(self) -> int:
        """Optimiser steps of a trial over all its epochs."""
        return self.train.steps * self.trials[0].config.epochs

    def first_images(self, trial: Trial, count: int) -> torch.Tensor:
        """Positions of the first training images of a trial, int64 (at most `count`,)."""
        return torch.from_numpy(self._splits[trial.fold].train[:count])

    def train_labels(self, trial: Trial, labels: Labels) -> torch.Tensor:
        """Labels of a trial's training images, int64 (n,), among those of all."""
        return torch.from_numpy(labels[self._splits[trial.fold].train])

    def keep(self, indices: Sequence[int]) -> None:
        """Keeps only some of the trials.

        Args:
            indices: Their ascending indices; at least one.
        """
        self.trials = [self.trials[i] for i in indices]
        self.train.lanes = self._train_lanes()
        self.val.lanes = self._val_lanes()

    def _train_lanes(self) -> list[MacroBatches]:
        config = self.trials[0].config
        chosen = lanes([t.image_order for t in self.trials])
        return [
            MacroBatches(
                self._splits[trial.fold].train,
                config.batch_size,
                trial.config.seed if trial.config.shuffle else None,
                steps_per_macro=self.steps_per_macro,
                overfit_batches=config.overfit_batches,
                drop_last=config.drop_last,
            )
            for trial in (self.trials[i] for i in chosen)
        ]

    def _val_lanes(self) -> list[torch.Tensor]:
        folds = [t.fold for t in self.trials]
        return [torch.from_numpy(self._splits[folds[i]].val) for i in lanes(folds)]


def lanes(keys: Sequence[Hashable]) -> range:
    """First trials of the lanes of a group.

    Each lane serves equally many neighbouring trials. If the keys do not allow that, every trial
    has its own lane.

    Args:
        keys: Key of each trial's image order; equal keys are adjacent.

    Returns:
        The index of the first trial of each lane.
    """
    distinct = list(dict.fromkeys(keys))
    size, rest = divmod(len(keys), len(distinct))
    if rest == 0 and list(keys) == [key for key in distinct for _ in range(size)]:
        return range(0, len(keys), size)
    return range(len(keys))
