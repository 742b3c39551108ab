"""Base of the optimisers: PyTorch's own for one trial, and the same arithmetic for a group.

A group's parameters have a leading trial axis, and every trial has its own learning rate, weight
decay and momentum, which PyTorch's optimisers do not support.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from tune_mc1.config.optimizers import OPTIMIZERS
from tune_mc1.config.trial import TrialConfig
from tune_mc1.registry import resolve
from tune_mc1.training.torch_private import foreach

FULL_SIZE = 2**23
"""Maximum number of a group's parameters for settings in full size on a GPU, 32 MB each."""


def make_optimizer(config: TrialConfig, parameters: list[nn.Parameter]) -> Optimizer:
    """The optimiser that a trial names, with its learning rate, weight decay and momentum."""
    made: Optimizer = resolve(OPTIMIZERS[config.optimizer].build)(config, parameters)
    return made


def common_settings(config: TrialConfig) -> dict[str, Any]:
    """Arguments common to most of PyTorch's optimisers."""
    return {
        "lr": config.learning_rate,
        "weight_decay": config.weight_decay,
        "fused": True,  # one call for all parameters: 4 % of a small network's step
    }


def plain_settings(config: TrialConfig) -> dict[str, Any]:
    """Settings that PyTorch's optimiser of a trial stores, without its parameters."""
    stored = make_optimizer(config, [nn.Parameter(torch.empty(0))]).state_dict()
    (group,) = stored["param_groups"]
    return {name: value for name, value in group.items() if name != "params"}


class GroupOptimizer(Optimizer):
    """Updates the parameters of several trials, each with its own settings.

    Its state is that of PyTorch's optimiser of the same name, with a leading trial axis.

    Args:
        parameters: Parameters of shape (trials, ...).
        configs: Configurations of the trials, all with the same `optimizer`.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], configs: Sequence[TrialConfig]) -> None:
        super().__init__(parameters, {"trials": [plain_settings(c) for c in configs]})
        self._settings: dict[str, Tensor] = {}
        self._columns: dict[tuple[str, int], Tensor] = {}
        self._scheduled = False
        self._full: dict[str, list[Tensor]] = {}

    @property
    def trials(self) -> list[dict[str, Any]]:
        """Settings of each trial, as PyTorch's optimiser would store them."""
        return cast(list[dict[str, Any]], self.param_groups[0]["trials"])

    def keep(self, indices: Tensor) -> None:
        """Keeps only some of the trials.

        Args:
            indices: int64, their ascending indices; the parameters are already cut.
        """
        self._settings.clear()
        self._columns.clear()
        self._full.clear()
        self.param_groups[0]["trials"] = [self.trials[i] for i in indices.tolist()]
        for state in self.state.values():
            for name, value in state.items():
                if value.ndim:
                    state[name] = value[indices.to(value.device)]

    def column(self, name: str, like: Tensor) -> Tensor:
        """A setting of all trials, shaped so that it broadcasts over a parameter's trial axis.

        Args:
            name: Name of the setting, such as `lr`.
            like: A parameter.
        """
        key = (name, like.ndim)
        if key not in self._columns:
            values = self._values(name, like)
            self._columns[key] = values.view(-1, *[1] * (like.ndim - 1))
        return self._columns[key]

    def _values(self, name: str, like: Tensor) -> Tensor:
        if name not in self._settings:
            values = torch.tensor([t[name] for t in self.trials], dtype=torch.float64)
            self._settings[name] = values.to(like)
        return self._settings[name]

    def set_rates(self, rates: Sequence[float]) -> None:
        """Changes the learning rates in place, as a recorded step reads them from fixed memory.

        Args:
            rates: Learning rate of each trial.
        """
        self._scheduled = True
        settings = self._values("lr", self.param_groups[0]["params"][0])
        settings.copy_(torch.tensor(rates, dtype=torch.float64))

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step of all trials."""
        result = None
        if closure is not None:
            with torch.enable_grad():
                result = closure()
        with torch.no_grad():
            stepped = [p for p in self.param_groups[0]["params"] if p.grad is not None]
            self.update(stepped, [p.grad for p in stepped])
        return result

    def any_has(self, name: str) -> bool:
        """True if a setting of some trial is not 0."""
        return any(trial[name] for trial in self.trials)

    def columns(self, name: str, parameters: list[Tensor]) -> list[Tensor]:
        """A setting of all trials for each parameter.

        On a GPU, small parameters get it in full size, so that one kernel handles all of them;
        except learning rates that change with every step.
        """
        changes = name == "lr" and self._scheduled
        large = sum(p.numel() for p in parameters) > FULL_SIZE
        if changes or large or not parameters[0].is_cuda:
            return [self.column(name, parameter) for parameter in parameters]
        if name not in self._full:
            self._full[name] = [torch.empty_like(p).copy_(self.column(name, p)) for p in parameters]
        return self._full[name]

    def decayed(self, parameters: list[Tensor], gradients: list[Tensor]) -> list[Tensor]:
        """The gradients, including the L2 penalty."""
        decays = self.columns("weight_decay", parameters)
        return list(foreach.addcmul(gradients, decays, parameters))

    def update(self, parameters: list[Tensor], gradients: list[Tensor]) -> None:
        """Does a step, in place; implemented by subclasses.

        Args:
            parameters: Parameters that have a gradient, each of shape (trials, ...).
            gradients: Their gradients, in the same shapes.
        """
        raise NotImplementedError


def lay_out(state: dict[str, Any], parameter: Tensor) -> None:
    """Gives moments of a checkpoint the layout of the parameter, so that one kernel handles all."""
    for name, value in state.items():
        if value.ndim and value.stride() != parameter.stride():
            state[name] = torch.empty_like(parameter).copy_(value)


def make_group_optimizer(
    configs: Sequence[TrialConfig], parameters: list[nn.Parameter]
) -> GroupOptimizer:
    """The optimiser of a group of trials, all of which name the same one.

    Args:
        configs: Configurations of the trials.
        parameters: Parameters of shape (trials, ...).
    """
    path = OPTIMIZERS[configs[0].optimizer].grouped
    assert path is not None, "planning only groups trials whose optimiser has a grouped form"
    made: GroupOptimizer = resolve(path)(parameters, configs)
    return made
