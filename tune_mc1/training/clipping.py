"""Clipping of gradients by their norm: of one trial, or of each trial of a group."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_

from tune_mc1.config.trial import TrialConfig

LEAST = 1e-6
"""Added to norms, as PyTorch does."""


class GradientClip:
    """Scales gradients so that their norm over all weights is at most `clip_grad`.

    Args:
        configs: Parameters of each trial.
        fused: Whether gradients have a trial axis.
    """

    def __init__(self, configs: Sequence[TrialConfig], fused: bool) -> None:
        self._most = [config.clip_grad or float("inf") for config in configs]
        self._fused = fused
        self._limits: Tensor | None = None

    def __call__(self, parameters: Sequence[nn.Parameter]) -> None:
        """Scales the gradients in place; those of trials without a limit keep every bit."""
        if not self._fused:
            clip_grad_norm_(parameters, self._most[0])
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        if not gradients:
            return
        norms = [torch.linalg.vector_norm(g.flatten(1), dim=1) for g in gradients]
        total = torch.linalg.vector_norm(torch.stack(norms), dim=0)
        if self._limits is None:
            self._limits = total.new_tensor(self._most)
        scales = (self._limits / (total + LEAST)).clamp(max=1)
        for gradient in gradients:
            gradient.mul_(scales.view(-1, *[1] * (gradient.ndim - 1)))


def gradient_clip(configs: Sequence[TrialConfig], fused: bool) -> GradientClip | None:
    """The clipping of the trials; None if none of them clips."""
    if all(config.clip_grad is None for config in configs):
        return None
    return GradientClip(configs, fused)
