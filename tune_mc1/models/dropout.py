"""Dropout whose masks depend on nothing but the trial's seed, the layer and the step."""

import torch
from torch import Tensor, nn

from tune_mc1.seeding import derive_seed


class DropoutStream:
    """What the dropout layers of a model share: whose masks, and of which step.

    Args:
        seed: The trial's seed.

    Attributes:
        step: Optimiser steps done so far; the training loop sets it before each one.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.step = 0


class SeededDropout(nn.Module):
    """Zeroes units with probability p and scales the others by 1 / (1 - p), as `nn.Dropout`.

    A trial that is resumed, or trained together with others, draws the masks that it would have
    drawn alone.

    Args:
        p: Probability of dropping a unit, in [0, 1]; 1 gives zeros.
        name: Name of the layer, unique in the model.
        stream: Whose masks, and of which step.
    """

    def __init__(self, p: float, name: str, stream: DropoutStream) -> None:
        super().__init__()
        self.p, self.name, self.stream = p, name, stream
        self._generator: torch.Generator | None = None
        self._kept: Tensor | None = None

    def forward(self, inputs: Tensor) -> Tensor:
        """Drops units of (B, units) while training; the identity else."""
        if not self.training or self.p == 0:
            return inputs
        return inputs * self.mask(inputs)

    def mask(self, like: Tensor) -> Tensor:
        """What the units of this step are multiplied by, in the shape of `like`: 0 or 1 / (1 - p).

        All ones with p = 0, all zeros with p = 1.
        """
        if self.p in (0, 1):
            return torch.full_like(like, 1 - self.p)
        if not like.is_cuda:
            return self._draw(torch.empty_like(like))
        if self._kept is None:
            self._kept = torch.empty_like(like)
        if torch.cuda.is_current_stream_capturing():
            return self._kept  # what a replay reads there, `redraw` has written
        return self._draw(self._kept if like.shape == self._kept.shape else torch.empty_like(like))

    def redraw(self) -> None:
        """Draws the mask of this step for the replay of a recorded CUDA graph.

        It lies where the first mask lay, and not in the graph's own memory, in which a replay
        writes before it reads.
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
        """As `nn.Dropout` shows itself."""
        return f"p={self.p}"
