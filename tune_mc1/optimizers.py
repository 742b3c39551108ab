"""Optimisers: PyTorch's own for one trial, and the same arithmetic for many trials at once.

A group's parameters have a leading trial axis, and every trial has its own learning rate, decay and
momentum there, which PyTorch's optimisers do not take.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from tune_mc1.config.trial import TrialConfig


def make_optimizer(config: TrialConfig, parameters: list[nn.Parameter]) -> Optimizer:
    """The optimiser that a trial names, with its learning rate, decay and momentum."""
    settings: dict[str, Any] = {
        "lr": config.learning_rate,
        "weight_decay": config.weight_decay,
        "fused": True,  # one call for all parameters: 4 % of a small network's step
    }
    if config.optimizer == "SGD":
        return SGD(parameters, momentum=config.momentum, **settings)
    return (Adam if config.optimizer == "Adam" else AdamW)(parameters, **settings)


def plain_settings(config: TrialConfig) -> dict[str, Any]:
    """What PyTorch's optimiser of a trial stores of its settings, without its parameters."""
    stored = make_optimizer(config, [nn.Parameter(torch.empty(0))]).state_dict()
    (group,) = stored["param_groups"]
    return {name: value for name, value in group.items() if name != "params"}


class GroupOptimizer(Optimizer):
    """Steps the parameters of several trials, each by its own settings.

    Its state is that of PyTorch's optimiser of the same name, with a leading trial axis.

    Args:
        parameters: Each of shape (trials, ...).
        configs: The trials', all with the same `optimizer`.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], configs: Sequence[TrialConfig]) -> None:
        super().__init__(parameters, {"trials": [plain_settings(c) for c in configs]})
        self._columns: dict[tuple[str, int], Tensor] = {}

    @property
    def trials(self) -> list[dict[str, Any]]:
        """The settings of each trial, as PyTorch's optimiser would store them."""
        return cast(list[dict[str, Any]], self.param_groups[0]["trials"])

    def keep(self, indices: Tensor) -> None:
        """Goes on with some of the trials.

        Args:
            indices: int64, which, ascending; the parameters have been cut already.
        """
        self._columns.clear()
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
            values = torch.tensor([t[name] for t in self.trials], dtype=torch.float64)
            self._columns[key] = values.to(like).view(-1, *[1] * (like.ndim - 1))
        return self._columns[key]

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step of all trials."""
        result = None
        if closure is not None:
            with torch.enable_grad():
                result = closure()
        with torch.no_grad():
            for parameter in self.param_groups[0]["params"]:
                if parameter.grad is not None:
                    self._update(parameter, parameter.grad)
        return result

    def _any(self, name: str) -> bool:
        return any(trial[name] for trial in self.trials)

    def _update(self, parameter: Tensor, gradient: Tensor) -> None:
        raise NotImplementedError


class GroupSGD(GroupOptimizer):
    """`torch.optim.SGD`, for several trials."""

    def _update(self, parameter: Tensor, gradient: Tensor) -> None:
        if self._any("weight_decay"):
            gradient = gradient + self.column("weight_decay", parameter) * parameter
        if self._any("momentum"):
            state = self.state[parameter]
            if "momentum_buffer" not in state:
                state["momentum_buffer"] = torch.zeros_like(parameter)
            momentum = self.column("momentum", parameter)
            gradient = state["momentum_buffer"].mul_(momentum).add_(gradient)
        parameter.addcmul_(gradient, self.column("lr", parameter), value=-1)


class GroupAdam(GroupOptimizer):
    """`torch.optim.Adam` or `AdamW` with their default betas and epsilon, for several trials."""

    def _update(self, parameter: Tensor, gradient: Tensor) -> None:
        state, settings = self.state[parameter], self.trials[0]
        if not state:
            state["step"] = torch.zeros((), dtype=torch.float32)
            state["exp_avg"] = torch.zeros_like(parameter)
            state["exp_avg_sq"] = torch.zeros_like(parameter)
        rate = self.column("lr", parameter)
        if self._any("weight_decay"):
            decay = self.column("weight_decay", parameter)
            if settings["decoupled_weight_decay"]:
                parameter.mul_(1 - rate * decay)
            else:
                gradient = gradient + decay * parameter
        (beta1, beta2), epsilon = settings["betas"], settings["eps"]
        state["step"] += 1
        step = state["step"].item()
        state["exp_avg"].lerp_(gradient, 1 - beta1)
        state["exp_avg_sq"].mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        root = (state["exp_avg_sq"] / (1 - beta2**step)).sqrt_().add_(epsilon)
        parameter.sub_(state["exp_avg"].div(root).mul_(rate / (1 - beta1**step)))


def make_group_optimizer(
    configs: Sequence[TrialConfig], parameters: list[nn.Parameter]
) -> GroupOptimizer:
    """The optimiser of a group of trials, all of which name the same one.

    Args:
        configs: The trials'.
        parameters: Each of shape (trials, ...).
    """
    kind = GroupSGD if configs[0].optimizer == "SGD" else GroupAdam
    return kind(parameters, configs)
