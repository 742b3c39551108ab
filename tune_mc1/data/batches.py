"""Batches from memory: images as one tensor on the device, batch order as index tensors."""

import math
import warnings
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from tune_mc1.data.images import Labels, Pixels
from tune_mc1.seeding import derive_seed


class ImageTensors:
    """Labelled images on a device: copied to a GPU once, and on the CPU never.

    Args:
        images: uint8 (N, height, width, channels); may be read-only, as Ray's object store maps it.
        labels: int64 (N,).
        device: Where batches are gathered.
    """

    def __init__(self, images: Pixels, labels: Labels, device: torch.device | str = "cpu") -> None:
        with warnings.catch_warnings():
            # Ray's arrays are read-only, and nothing here writes to them.
            warnings.filterwarnings("ignore", message="The given NumPy array is not writ")
            self.images = torch.from_numpy(images).to(device)
            self.labels = torch.from_numpy(labels).to(device)

    def __len__(self) -> int:
        """Number of images."""
        return len(self.labels)

    def gather(self, indices: Tensor) -> Tensor:
        """Images as the network sees them: `(x / 255 - 0.5) / 0.5`, bit for bit the reference's.

        Args:
            indices: int64 of any shape S, on the device of the images, in [0, N).

        Returns:
            float32 (*S, channels, height, width) in [-1, 1]; in memory the channels come last,
            which saves a transposition (3.3 instead of 5.3 us an image) and suits convolutions.
        """
        pixels = self.images.index_select(0, indices.flatten()).movedim(-1, 1)
        # Multiplying by 2 is dividing by 0.5, exactly, and faster.
        images = pixels.float().div_(255).sub_(0.5).mul_(2)
        return images if indices.ndim == 1 else images.view(*indices.shape, *images.shape[1:])

    def gather_labels(self, indices: Tensor) -> Tensor:
        """The labels, int64, in the shape of `indices`."""
        return self.labels[indices]


class FeatureTensors:
    """Features that a frozen network makes of labelled images, each computed once.

    Args:
        source: The images.
        network: Maps float images (B, channels, height, width) to features (B, F).
        batch_size: Images at once.
    """

    def __init__(self, source: ImageTensors, network: nn.Module, batch_size: int) -> None:
        order = torch.arange(len(source), device=source.labels.device)
        with torch.no_grad():
            parts = [network(source.gather(part)) for part in torch.split(order, batch_size)]
        self.features = torch.cat(parts)
        self.labels = source.labels

    def gather(self, indices: Tensor) -> Tensor:
        """Features, float32 (*S, F), at int64 indices of shape S."""
        return self.features[indices]

    def gather_labels(self, indices: Tensor) -> Tensor:
        """The labels, int64, in the shape of `indices`."""
        return self.labels[indices]


def epoch_order(n: int, seed: int, epoch: int) -> Tensor:
    """The order of the training images in one epoch.

    Args:
        n: Number of training images.
        seed: The trial's seed.
        epoch: From 0.

    Returns:
        int64 (n,), a permutation on the CPU that depends on the arguments alone.
    """
    generator = torch.Generator().manual_seed(derive_seed(seed, "order", epoch))
    return torch.randperm(n, generator=generator)


class MacroBatches:
    """The batches of an epoch, several at a time: what Lightning takes for a train dataloader.

    Iterating yields int64 tensors (up to `steps_per_macro * batch_size`,) of positions in the
    training images, on the CPU; `.split(batch_size)` gives the batches, of which the last one of an
    epoch may be smaller; one of a single image is left out.

    Args:
        train: int64 (n,), positions of the training images (`Split.train`).
        batch_size: Images an optimiser step.
        seed: The trial's seed, which decides the order of every epoch.
        steps_per_macro: Optimiser steps a macro-batch.
        overfit_batches: Takes the first so many batches of the first epoch's order, in every epoch
            the same; 0 takes all images, in a fresh order every epoch.

    Attributes:
        epoch: The epoch, from 0, whose order the next iteration has.
    """

    def __init__(
        self,
        train: Labels,
        batch_size: int,
        seed: int,
        steps_per_macro: int = 32,
        overfit_batches: int = 0,
    ) -> None:
        self.epoch = 0
        self._train = torch.tensor(train, dtype=torch.int64)
        self._macro_size = batch_size * steps_per_macro
        self._seed = seed
        self._fixed = overfit_batches > 0
        used = overfit_batches * batch_size if self._fixed else len(train)
        self.images = min(used, len(train))
        if batch_size > 1 and self.images % batch_size == 1 and self.images > 1:
            self.images -= 1  # a last batch of one image has no variance for batch norm
        self.steps = math.ceil(self.images / batch_size)

    @property
    def sampler(self) -> "MacroBatches":
        """Itself: Lightning calls `sampler.set_epoch` at the start of every epoch."""
        return self

    def set_epoch(self, epoch: int) -> None:
        """Names the epoch, from 0, whose order the next iteration has."""
        self.epoch = epoch

    def __len__(self) -> int:
        """Number of macro-batches in an epoch."""
        return math.ceil(self.images / self._macro_size)

    def __iter__(self) -> Iterator[Tensor]:
        """Yields the macro-batches of the epoch. Its order is drawn at the first one."""
        order = epoch_order(len(self._train), self._seed, 0 if self._fixed else self.epoch)
        yield from torch.split(self._train[order[: self.images]], self._macro_size)
