"""Learning rates of the trials' schedules, set before each optimiser step."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.optim import Optimizer

from tune_mc1.config.lr_schedules import factor_at, rate_varies
from tune_mc1.config.schedule_fit import warmup_steps_problem
from tune_mc1.config.trial import TrialConfig
from tune_mc1.errors import TrialError
from tune_mc1.training.optimizers.base import GroupOptimizer


class LearningRates:
    """Sets the learning rates of one trial, or of a group.

    Args:
        configs: The parameters of each trial.
        optimizer: A plain optimiser, or that of the group.
        total_steps: Optimiser steps of all epochs.
        recorded: Whether the step may be recorded as a CUDA graph, which reads the rate from GPU
            memory.
    """

    def __init__(
        self,
        configs: Sequence[TrialConfig],
        optimizer: Optimizer,
        total_steps: int,
        recorded: bool,
    ) -> None:
        self.configs, self.optimizer, self.total_steps = configs, optimizer, total_steps
        if isinstance(optimizer, GroupOptimizer):
            return
        for group in optimizer.param_groups:
            # PyTorch's schedulers keep a group's initial rate under this name, also in checkpoints.
            group.setdefault("initial_lr", group["lr"])
            rate = float(group["lr"])
            group["lr"] = _on_device(rate, group["params"][0]) if recorded else rate

    def set(self, step: int) -> None:
        """Sets the rates of an optimiser step, counted from 0."""
        factors = [factor_at(config, step, self.total_steps) for config in self.configs]
        if isinstance(self.optimizer, GroupOptimizer):
            self.optimizer.set_factors(factors)
            return
        for group in self.optimizer.param_groups:
            rate = group["initial_lr"] * factors[0]
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate


def _on_device(rate: float, like: Tensor) -> Tensor:
    return torch.tensor(rate, dtype=torch.float32, device=like.device)


def check_warmup(configs: Sequence[TrialConfig], total_steps: int) -> None:
    """Compares each warm-up with the schedule that is to follow it.

    Args:
        configs: The parameters of each trial.
        total_steps: Optimiser steps of all epochs.

    Raises:
        TrialError: If a warm-up takes as many steps as its schedule extends over.
    """
    for config in configs:
        if problem := warmup_steps_problem(config, total_steps):
            raise TrialError(f"parameters.{problem}")


def learning_rates(
    configs: Sequence[TrialConfig], optimizer: Optimizer, total_steps: int, recorded: bool
) -> LearningRates | None:
    """The `LearningRates` of the trials; None if all rates are constant."""
    if not any(map(rate_varies, configs)):
        return None
    return LearningRates(configs, optimizer, total_steps, recorded)
