"""Trials that are trained together, and the images that they read: which lanes, in which order."""

import math
from collections.abc import Hashable, Sequence

import torch

from tune_mc1.config.trial import Trial
from tune_mc1.config.validation import Validation
from tune_mc1.data.batches import STEPS_PER_MACRO, EvalBatches, LaneBatches, MacroBatches
from tune_mc1.data.images import ImageData
from tune_mc1.data.splits import Split, make_split
from tune_mc1.planning.memory import image_bytes

EVAL_BATCH = 500
"""Images at once, over all trials of a group, where no gradient is needed: they fit a cache."""

GPU_EVAL_BATCH = 4000
"""The same on a GPU, which wants work for all of its processors."""

GPU_EVAL_BYTES = 2**30
"""Memory that they may take there, beside the weights."""

GPU_STEPS_PER_MACRO = 256
"""Optimiser steps a macro-batch on a GPU, which idles between two of them."""

MACRO_BYTES = 256 * 2**20
"""Memory that the images of a macro-batch may take."""


class Group:
    """One trial, or several that fit together (`tune_mc1.planning.fusion`).

    Trials with equal seed, fold and augmentation read the same images in the same order: one lane.
    With neither shuffling nor augmentation an equal fold is enough.

    Args:
        trials: The trials; they are put in the order of their lanes.
        data: The images.
        validation: How the validation images are chosen.
        gpu: Whether they are trained on a GPU.

    Attributes:
        trials: Those that still train.
        train: Their training batches.
        val: Their validation batches.
        val_from: Whether validation images are training images (`train`) or `test` images.
    """

    def __init__(
        self,
        trials: Sequence[Trial],
        data: ImageData,
        validation: Validation,
        gpu: bool = False,
    ) -> None:
        self.trials = sorted(trials, key=lambda t: t.image_order)
        folds = dict.fromkeys(t.fold for t in self.trials)
        self._splits: dict[int | None, Split] = {f: make_split(data, validation, f) for f in folds}
        self.val_from = self._splits[self.trials[0].fold].val_from
        # Lightning counts the batches of an epoch once, so both stay as they are in `keep`.
        count = len(lanes([t.image_order for t in self.trials]))
        step_bytes = 4 * math.prod(data.image_shape) * self.trials[0].config.batch_size
        most = min(GPU_STEPS_PER_MACRO if gpu else STEPS_PER_MACRO, MACRO_BYTES // step_bytes)
        self._steps_per_macro = max(1, most // count)
        eval_batch = EVAL_BATCH // len(self.trials)
        if gpu:
            shape, classes = data.image_shape, len(data.classes)
            each = image_bytes(self.trials[0].config, shape, classes, len(self.trials) > 1)
            eval_batch = min(GPU_EVAL_BATCH, GPU_EVAL_BYTES // each) // len(self.trials)
        self.train = LaneBatches(self._train_lanes())
        self.val = EvalBatches(self._val_lanes(), max(1, eval_batch))

    @property
    def total_steps(self) -> int:
        """Optimiser steps of a trial in all its epochs."""
        return self.train.steps * self.trials[0].config.epochs

    def keep(self, indices: Sequence[int]) -> None:
        """Goes on with some of the trials.

        Args:
            indices: Which, ascending; at least one.
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
                steps_per_macro=self._steps_per_macro,
                overfit_batches=config.overfit_batches,
                drop_last=config.drop_last,
            )
            for trial in (self.trials[i] for i in chosen)
        ]

    def _val_lanes(self) -> list[torch.Tensor]:
        folds = [t.fold for t in self.trials]
        return [torch.from_numpy(self._splits[folds[i]].val) for i in lanes(folds)]


def lanes(keys: Sequence[Hashable]) -> range:
    """Which trials stand for the lanes of a group.

    A lane serves equally many neighbouring trials. Where equal keys do not make that possible,
    every trial has a lane of its own.

    Args:
        keys: Of each trial, what decides its images; equal ones stand together.

    Returns:
        The index of the first trial of each lane.
    """
    distinct = list(dict.fromkeys(keys))
    size, rest = divmod(len(keys), len(distinct))
    if rest == 0 and list(keys) == [key for key in distinct for _ in range(size)]:
        return range(0, len(keys), size)
    return range(len(keys))
