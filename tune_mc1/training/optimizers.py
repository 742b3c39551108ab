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
from tune_mc1.training.torch_private import foreach

FULL_SIZE = 2**23
"""Parameters of a group up to which its settings are kept in full size on a GPU: 32 MB each."""


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
        self._full: dict[str, list[Tensor]] = {}

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
            stepped = [p for p in self.param_groups[0]["params"] if p.grad is not None]
            self._update(stepped, [p.grad for p in stepped])
        return result

    def _any(self, name: str) -> bool:
        return any(trial[name] for trial in self.trials)

    def _columns_of(self, name: str, parameters: list[Tensor]) -> list[Tensor]:
        """A setting for each parameter.

        Small ones on a GPU get it in full size, as one kernel then serves all of them.
        """
        if not parameters[0].is_cuda or sum(p.numel() for p in parameters) > FULL_SIZE:
            return [self.column(name, parameter) for parameter in parameters]
        if name not in self._full:
            self._full[name] = [torch.empty_like(p).copy_(self.column(name, p)) for p in parameters]
        return self._full[name]

    def _decayed(self, parameters: list[Tensor], gradients: list[Tensor]) -> list[Tensor]:
        decays = self._columns_of("weight_decay", parameters)
        return list(foreach.addcmul(gradients, decays, parameters))

    def _update(self, parameters: list[Tensor], gradients: list[Tensor]) -> None:
        raise NotImplementedError


class GroupSGD(GroupOptimizer):
    """`torch.optim.SGD`, for several trials."""

    def _update(self, parameters: list[Tensor], gradients: list[Tensor]) -> None:
        changes = gradients
        if self._any("weight_decay"):
            changes = self._decayed(parameters, gradients)
        if self._any("momentum"):
            buffers = [self._buffer(parameter) for parameter in parameters]
            foreach.mul_(buffers, self._columns_of("momentum", parameters))
            foreach.add_(buffers, changes)
            changes = buffers
        rates = self._columns_of("lr", parameters)
        foreach.addcmul_(parameters, changes, rates, value=-1)

    def _buffer(self, parameter: Tensor) -> Tensor:
        state = self.state[parameter]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(parameter)
        if parameter.is_cuda:
            _lay_out(state, parameter)
        return cast(Tensor, state["momentum_buffer"])


class GroupAdam(GroupOptimizer):
    """`torch.optim.Adam` or `AdamW` with their default betas and epsilon, for several trials."""

    def _update(self, parameters: list[Tensor], gradients: list[Tensor]) -> None:
        settings = self.trials[0]
        (beta1, beta2), epsilon = settings["betas"], settings["eps"]
        states = [self._state_of(parameter) for parameter in parameters]
        means, squares = ([s[name] for s in states] for name in ("exp_avg", "exp_avg_sq"))
        rates = self._columns_of("lr", parameters)
        if self._any("weight_decay"):
            if settings["decoupled_weight_decay"]:
                decays = self._columns_of("weight_decay", parameters)
                for parameter, rate, decay in zip(parameters, rates, decays, strict=True):
                    parameter.mul_(1 - rate * decay)
            else:
                gradients = self._decayed(parameters, gradients)
        step = self._count([state["step"] for state in states])
        foreach.lerp_(means, gradients, 1 - beta1)
        foreach.mul_(squares, beta2)
        foreach.addcmul_(squares, gradients, gradients, value=1 - beta2)
        roots = foreach.div(squares, self._rest(beta2, step, parameters[0]))
        foreach.sqrt_(roots)
        foreach.add_(roots, epsilon)
        changes = foreach.div(means, roots)
        scales = foreach.div(rates, self._rest(beta1, step, parameters[0]))
        foreach.mul_(changes, scales)
        foreach.sub_(parameters, changes)

    def _state_of(self, parameter: Tensor) -> dict[str, Any]:
        """The moments of a parameter; on a GPU the step lies there too, as PyTorch's own does."""
        state = self.state[parameter]
        if not state:
            state["step"] = torch.zeros((), dtype=torch.float32)
            state["exp_avg"] = torch.zeros_like(parameter)
            state["exp_avg_sq"] = torch.zeros_like(parameter)
        if parameter.is_cuda:
            state["step"] = state["step"].to(parameter.device)
            _lay_out(state, parameter)
        return cast(dict[str, Any], state)

    @staticmethod
    def _rest(beta: float, step: Any, like: Tensor) -> Any:
        """`1 - beta**step`, in the type of the parameters where it lies on a GPU."""
        rest = 1 - beta**step
        return rest.to(like.dtype) if isinstance(rest, Tensor) else rest

    @staticmethod
    def _count(steps: list[Tensor]) -> Any:
        """Counts a step; where it lies on a GPU it stays there, so that nothing waits for it."""
        foreach.add_(steps, 1)
        return steps[0].double() if steps[0].is_cuda else steps[0].item()


def _lay_out(state: dict[str, Any], parameter: Tensor) -> None:
    """Brings moments of a checkpoint into the parameter's layout: one kernel serves all then."""
    for name, value in state.items():
        if value.ndim and value.stride() != parameter.stride():
            state[name] = torch.empty_like(parameter).copy_(value)


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
