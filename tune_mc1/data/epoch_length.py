"""Images and optimiser steps of an epoch. Does not import torch."""

import math


def images_of_epoch(count: int, batch_size: int, overfit_batches: int, drop_last: bool) -> int:
    """Number of training images that a trial uses in each epoch.

    Args:
        count: Training images of the trial.
        batch_size: Images per optimiser step.
        overfit_batches: If above 0, only this many batches are used.
        drop_last: Whether a last batch that is smaller than the others is dropped.
    """
    images = min(overfit_batches * batch_size, count) if overfit_batches > 0 else count
    if batch_size > 1 and images % batch_size == 1 and images > 1:
        images -= 1  # batch norm needs the variance of more than one image
    if drop_last and images > batch_size:
        images -= images % batch_size
    return images


def steps_of_epoch(count: int, batch_size: int, overfit_batches: int, drop_last: bool) -> int:
    """Number of optimiser steps of each epoch; arguments as in `images_of_epoch`."""
    return math.ceil(images_of_epoch(count, batch_size, overfit_batches, drop_last) / batch_size)
