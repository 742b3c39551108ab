"""Dropout whose masks depend only on the trial's seed, the layer and the step."""

import torch
from torch import Tensor, nn

from tune_mc1.seeding import derive_seed


class DropoutStream:
    """State shared by the dropout layers of a model: seed and step.

    Args:
        seed: The trial's seed.

    Attributes:
        step: Number of completed optimiser steps, set by the training loop before each step.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.step = 0


class SeededDropout(nn.Module):
    """Zeroes units with probability p and scales the others by 1 / (1 - p), like `nn.Dropout`.

    A resumed or fused trial draws the same masks as a trial that runs alone and uninterrupted.

    Args:
        p: Probability of dropping a unit, in [0, 1]; 1 gives zeros.
        name: Name of the layer, unique in the model.
        stream: Seed and step of the masks.
    """

    def __init__(self, p: float, name: str, stream: DropoutStream) -> None:
        super().__init__()
        self.p, self.name, self.stream = p, name, stream
        self._generator: torch.Generator | None = None
        self._kept: Tensor | None = None

    def forward(self, inputs: Tensor) -> Tensor:
        """Drops units of (B, units) in training; the identity otherwise."""
        if not self.training or self.p == 0:
            return inputs
        return inputs * self.mask(inputs)

    def mask(self, like: Tensor) -> Tensor:
        """Factors of the units in this step, in the shape of `like`: 0 or 1 / (1 - p).

        All ones for p = 0, all zeros for p = 1.
        """
        if self.p in (0, 1):
            return torch.full_like(like, 1 - self.p)
        if not like.is_cuda:
            return self._draw(torch.empty_like(like))
        if self._kept is None:
            self._kept = torch.empty_like(like)
        if torch.cuda.is_current_stream_capturing():
            return self._kept  # written by `redraw` before each replay
        return self._draw(self._kept if like.shape == self._kept.shape else torch.empty_like(like))

    def redraw(self) -> None:
        """Draws the mask of this step for the replay of a recorded CUDA graph.

        It is written to the memory of the first mask, not to the graph's own memory, which a replay
        overwrites before reading.
        """
        if self._kept is not None:
            self._draw(self._kept)

    def _draw(self, mask: Tensor) -> Tensor:
        if self._generator is None or self._generator.device != mask.device:
            self._generator = torch.Generator(mask.device)
        seed = derive_seed(self.stream.seed, "dropout", self.name, self.stream.step)
        self._generator.manual_seed(seed)
        return mask.bernoulli_(1 - self.p, generator=self._generator).div_(1 - self.p)

    def extra_repr(self) -> str:
        """Same as `nn.Dropout`."""
        return f"p={self.p}"


class NetworkMasks:
    """Masks of one trial's network of any origin, as PyTorch's dropout draws them on a CPU.

    Alone, such a network draws from PyTorch's global generator, seeded before each step
    (`OwnNetwork`). Here the same numbers come from a generator of the trial's own.

    Args:
        seed: The trial's seed.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._generator = torch.Generator()

    def at_step(self, step: int) -> None:
        """Goes to the start of an optimiser step."""
        self._generator.manual_seed(step_seed(self.seed, step))

    def draw(self, p: float, like: Tensor) -> Tensor:
        """Factors of the next dropout in the network, 0 or 1 / (1 - p).

        Args:
            p: Probability of dropping a unit; nothing is drawn for 0 and 1.
            like: Has the shape and memory format that the values have in the network alone.
        """
        if p in (0, 1):
            return torch.full_like(like, 1 - p)
        return torch.empty_like(like).bernoulli_(1 - p, generator=self._generator).div_(1 - p)


def step_seed(seed: int, step: int) -> int:
    """Seed of the random numbers of a network of any origin in an optimiser step."""
    return derive_seed(seed, "step", step)
