"""Exponential moving average of the weights, of one trial or of each trial of a group."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from tune_mc1.config.trial import TrialConfig
from tune_mc1.training.torch_private import foreach

TRAINED = "trained_state"
"""Key of a checkpoint for the weights themselves; its `state_dict` has their average."""


def decay_at(config: TrialConfig, update: int) -> float:
    """Decay of an update, as in timm's `ModelEmaV3`: the first one copies the weights.

    Args:
        config: The trial's parameters.
        update: Number of the update, from 1.
    """
    if update <= 1:
        return 0.0
    if not config.ema_warmup:
        return config.ema_decay
    return min(1 - float(update ** (-2 / 3)), config.ema_decay)


class AveragedWeights:
    """Averages of all trained weights, and of the statistics of batch norm.

    Numbers that count, such as batches seen, are copied. A trial of a group with `ema_decay` 0 has
    its weights as they are.

    Args:
        configs: Parameters of each trial.
        model: A plain model, or a fused one.
        fused: Whether its state has a trial axis.
    """

    def __init__(self, configs: Sequence[TrialConfig], model: nn.Module, fused: bool) -> None:
        self.configs, self._model, self._fused = list(configs), model, fused
        self.state = {name: value.clone() for name, value in self._current().items()}

    def _current(self) -> dict[str, Tensor]:
        frozen = {n for n, p in self._model.named_parameters() if not p.requires_grad}
        return {
            name: value.detach()
            for name, value in self._model.state_dict().items()
            if name not in frozen and not name.startswith("backbone.")
        }

    @torch.no_grad()
    def update(self, number: int) -> None:
        """Takes the weights after an optimiser step.

        Args:
            number: Number of the step, from 1.
        """
        shares = [1 - decay_at(config, number) for config in self.configs]
        pairs = [(self.state[name], value) for name, value in self._current().items()]
        floats = [pair for pair in pairs if pair[0].is_floating_point()]
        for mine, value in pairs:
            if not mine.is_floating_point():
                mine.copy_(value)
        if not self._fused:
            foreach.lerp_([mine for mine, _ in floats], [value for _, value in floats], shares[0])
            return
        for mine, value in floats:
            share = mine.new_tensor(shares).view(-1, *[1] * (mine.ndim - 1))
            mine.lerp_(value, share)

    def __call__(self, inputs: Tensor) -> Any:
        """Outputs of the model with the averaged weights."""
        return functional_call(self._model, self.state, (inputs,))

    def keep(self, indices: Tensor) -> None:
        """Keeps only some of a group's trials; their model is already cut.

        Args:
            indices: int64, their ascending indices.
        """
        self.configs = [self.configs[i] for i in indices.tolist()]
        self.state = {name: v[indices.to(v.device)] for name, v in self.state.items()}

    def save(self, checkpoint: dict[str, Any], prefix: str) -> None:
        """Puts the averages into a checkpoint's `state_dict`, and the weights beside it.

        Args:
            checkpoint: Lightning's checkpoint.
            prefix: Of the model's names in it.
        """
        averaged = {f"{prefix}{name}": value for name, value in self.state.items()}
        state = checkpoint["state_dict"]
        checkpoint[TRAINED] = {name: state[name] for name in averaged}
        checkpoint["state_dict"] = {**state, **averaged}

    def load(self, averaged: Mapping[str, Tensor], prefix: str) -> None:
        """Takes the averages of a checkpoint."""
        for name, value in self.state.items():
            value.copy_(averaged[f"{prefix}{name}"])


def averaged_weights(
    configs: Sequence[TrialConfig], model: nn.Module, fused: bool
) -> AveragedWeights | None:
    """The averages of the trials; None if none of them has one."""
    if not any(config.ema_decay for config in configs):
        return None
    return AveragedWeights(configs, model, fused)
