"""Batches from memory: images as one tensor on the device, batch order as index tensors."""

import math
import warnings
from collections.abc import Iterator, Sequence
from itertools import islice

import torch
from torch import Tensor, nn

from tune_mc1.data.epoch_length import images_of_epoch
from tune_mc1.data.images import Labels, Pixels
from tune_mc1.data.on_device import fit_batch, fits_on
from tune_mc1.seeding import derive_seed

STEPS_PER_MACRO = 32
"""Optimiser steps per macro-batch: enough to make Lightning's overhead per batch small."""


class ImageTensors:
    """Labelled images on a device: copied once to a GPU if they fit, never copied on the CPU.

    Args:
        images: uint8 (N, height, width, channels); may be read-only, as mapped by Ray's object
            store.
        labels: int64 (N,).
        device: Device on which batches are gathered.
        size: Height and width to which they are then brought; None leaves them as they are.
    """

    def __init__(
        self,
        images: Pixels,
        labels: Labels,
        device: torch.device | str = "cpu",
        size: int | None = None,
    ) -> None:
        self._size = None if size is None or images.shape[1:3] == (size, size) else size
        with warnings.catch_warnings():
            # Ray's arrays are read-only, and nothing here writes to them.
            warnings.filterwarnings("ignore", message="The given NumPy array is not writ")
            self.images = torch.from_numpy(images)
            if fits_on(self.images, torch.device(device)):
                self.images = self.images.to(device)
            self.labels = torch.from_numpy(labels).to(device)

    def __len__(self) -> int:
        """Number of images."""
        return len(self.labels)

    def gather(self, indices: Tensor) -> Tensor:
        """Normalised images: `(x / 255 - 0.5) / 0.5`, bit for bit as in the reference study.

        Args:
            indices: int64 (B,), or (B, S) for S images side by side, on the device of the images,
                in [0, N).

        Returns:
            float32 (B, channels, height, width), or (B, S * channels, height, width), in [-1, 1];
            in channels-last memory, which saves a transposition and suits convolutions.
        """
        pixels = self.images.index_select(0, indices.flatten().to(self.images.device))
        pixels = pixels.to(self.labels.device)
        if indices.ndim == 2:
            pixels = pixels.view(*indices.shape, *pixels.shape[1:]).movedim(1, 3).flatten(3)
        # Multiplying by 2 is dividing by 0.5, exactly, and faster.
        images = pixels.movedim(-1, 1).float().div_(255).sub_(0.5).mul_(2)
        return images if self._size is None else fit_batch(images, self._size)

    def gather_labels(self, indices: Tensor) -> Tensor:
        """The labels, int64, in the shape of `indices`."""
        return self.labels[indices]


def compute_features(source: ImageTensors, network: nn.Module, batch_size: int) -> Tensor:
    """Features of labelled images by a frozen network, float32 (N, F).

    Args:
        source: The images.
        network: Maps float images (B, channels, height, width) to features (B, F).
        batch_size: Images per batch.
    """
    order = torch.arange(len(source), device=source.labels.device)
    with torch.no_grad():
        parts = [network(source.gather(part)) for part in torch.split(order, batch_size)]
    return torch.cat(parts)


class FeatureTensors:
    """Labelled features in memory.

    Args:
        features: float32 (N, F).
        labels: int64 (N,), on the same device.
    """

    def __init__(self, features: Tensor, labels: Tensor) -> None:
        self.features = features
        self.labels = labels

    def gather(self, indices: Tensor) -> Tensor:
        """Features, float32 (B, F), at int64 indices (B,)."""
        return self.features[indices]

    def gather_labels(self, indices: Tensor) -> Tensor:
        """The labels, int64, in the shape of `indices`."""
        return self.labels[indices]


def epoch_order(n: int, seed: int, epoch: int) -> Tensor:
    """Order of the training images in one epoch.

    Args:
        n: Number of training images.
        seed: The trial's seed.
        epoch: Epoch, counted from 0.

    Returns:
        int64 (n,), a permutation on the CPU that depends only on the arguments.
    """
    generator = torch.Generator().manual_seed(derive_seed(seed, "order", epoch))
    return torch.randperm(n, generator=generator)


class MacroBatches:
    """Batches of an epoch, several at a time; a train dataloader for Lightning.

    Iterating yields int64 tensors (up to `steps_per_macro * batch_size`,) of positions in the
    training images, on the CPU; `.split(batch_size)` gives the batches. The last batch of an epoch
    may be smaller; a last batch of a single image is dropped.

    Args:
        train: int64 (n,), positions of the training images (`Split.train`).
        batch_size: Images per optimiser step.
        seed: The trial's seed, which determines the order of every epoch; None keeps the order of
            `train`.
        steps_per_macro: Optimiser steps per macro-batch.
        overfit_batches: If above 0, every epoch uses only this many batches, the first ones of the
            first epoch's order; 0 uses all images, in a new order every epoch.
        drop_last: Whether to drop a last batch that is smaller than the others, unless it is the
            only one.

    Attributes:
        epoch: Epoch of the next iteration, counted from 0.
    """

    def __init__(
        self,
        train: Labels,
        batch_size: int,
        seed: int | None,
        steps_per_macro: int = STEPS_PER_MACRO,
        overfit_batches: int = 0,
        drop_last: bool = False,
    ) -> None:
        self.epoch = 0
        self._train = torch.tensor(train, dtype=torch.int64)
        self._macro_size = batch_size * steps_per_macro
        self._seed = seed
        self._fixed = overfit_batches > 0
        self.images = images_of_epoch(len(train), batch_size, overfit_batches, drop_last)
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
        """Yields the macro-batches of the epoch, whose order is drawn at the start."""
        used = self._train
        if self._seed is not None:
            used = used[epoch_order(len(used), self._seed, 0 if self._fixed else self.epoch)]
        yield from torch.split(used[: self.images], self._macro_size)


class LaneBatches:
    """Batches of fused trials: one lane for each order of images.

    Iterating yields int64 (n,) with one lane, as in `MacroBatches`, and else (n, lanes).

    Args:
        lanes: The batches of each order, all of equal sizes.

    Attributes:
        skip: Macro-batches that the next iteration leaves out, as they are done.
    """

    def __init__(self, lanes: Sequence[MacroBatches]) -> None:
        self.lanes = list(lanes)
        self.skip = 0

    @property
    def images(self) -> int:
        """Number of images per trial and epoch."""
        return self.lanes[0].images

    @property
    def steps(self) -> int:
        """Number of optimiser steps per trial and epoch."""
        return self.lanes[0].steps

    @property
    def sampler(self) -> "LaneBatches":
        """Itself: Lightning calls `sampler.set_epoch` at the start of every epoch."""
        return self

    def set_epoch(self, epoch: int) -> None:
        """Names the epoch, from 0, whose order the next iteration has."""
        for lane in self.lanes:
            lane.set_epoch(epoch)

    def __len__(self) -> int:
        """Number of macro-batches in an epoch."""
        return len(self.lanes[0])

    def __iter__(self) -> Iterator[Tensor]:
        """Yields the macro-batches of the epoch."""
        skip, self.skip = self.skip, 0
        for parts in islice(zip(*self.lanes, strict=True), skip, None):
            yield parts[0] if len(parts) == 1 else torch.stack(parts, dim=1)


class EvalBatches:
    """Images in order, in batches, for validation and test.

    Args:
        indices: Positions of the images of each lane, equally many per lane.
        batch_size: Images per batch.
    """

    def __init__(self, indices: Sequence[Tensor], batch_size: int) -> None:
        self.lanes = list(indices)
        self.batch_size = batch_size

    def __len__(self) -> int:
        """Number of batches."""
        return math.ceil(len(self.lanes[0]) / self.batch_size)

    def __iter__(self) -> Iterator[Tensor]:
        """Yields int64 (n,) with one lane, and else (n, lanes)."""
        joined = self.lanes[0] if len(self.lanes) == 1 else torch.stack(self.lanes, dim=1)
        yield from torch.split(joined, self.batch_size)
