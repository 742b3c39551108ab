"""Augmentation of the training batches of a trial, or of each lane of a group."""

from collections.abc import Sequence

import torch
from torch import Tensor

from tune_mc1.config.augmentations import NONE, find_augmentations, parameters_of
from tune_mc1.config.trial import TrialConfig
from tune_mc1.errors import TrialError

CPU_PART = 256
"""Images that are augmented at once on a CPU, so that they stay in its cache."""


def augment_batch(
    configs: Sequence[TrialConfig], images: Tensor, labels: Tensor, indices: Tensor, epoch: int
) -> None:
    """Augments the images of each lane in place.

    All trials of a lane have the same `tune_mc1.config.augmentations.augmentation_key`.

    Args:
        configs: Configurations of the trials in the order of their lanes, equally many per lane.
        images: float32 (n, channels, height, width), or (n, lanes * channels, height, width).
        labels: int64 (n,), or (n, lanes).
        indices: Positions of the images, int64 in the shape of the labels.
        epoch: Epoch, counted from 0.

    Raises:
        TrialError: If an augmentation changes a shape.
    """
    lanes = indices.unsqueeze(1) if indices.ndim == 1 else indices
    count = lanes.shape[1]
    parts = zip(images.chunk(count, dim=1), labels.view(-1, count).unbind(1), strict=True)
    size = len(images) if images.is_cuda else CPU_PART
    for lane, (x, y) in enumerate(parts):
        config = configs[lane * len(configs) // count]
        if config.augment == NONE:
            continue
        pieces = (torch.split(part, size) for part in (x, y, lanes[:, lane]))
        for some_x, some_y, some in zip(*pieces, strict=True):
            _augment(config, some_x, some_y, some, epoch)


def _augment(config: TrialConfig, x: Tensor, y: Tensor, indices: Tensor, epoch: int) -> None:
    new_x, new_y = x, y
    for name, augment in find_augmentations(config.augment).items():
        own = {parameter: getattr(config, parameter) for parameter in parameters_of(name)}
        new_x, new_y = augment(new_x, new_y, indices, config.seed, epoch, **own)
        if (new_x.shape, new_y.shape) != (x.shape, y.shape):
            raise TrialError(
                f"augmentation {name}: must keep the shapes {tuple(x.shape)} and "
                f"{tuple(y.shape)}, got {tuple(new_x.shape)} and {tuple(new_y.shape)}"
            )
    x.copy_(new_x)
    y.copy_(new_y)
