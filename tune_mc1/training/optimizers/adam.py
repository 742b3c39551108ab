"""Adam, and AdamW with decoupled weight decay."""

from typing import Any, cast

import torch
from torch import Tensor
from torch.optim import Adam, AdamW

from tune_mc1.config.trial import TrialConfig
from tune_mc1.training.optimizers.base import GroupOptimizer, common_settings, lay_out
from tune_mc1.training.torch_private import foreach


def make_adam(config: TrialConfig, parameters: list[Any]) -> Adam:
    """PyTorch's Adam."""
    return Adam(parameters, **common_settings(config))


def make_adamw(config: TrialConfig, parameters: list[Any]) -> AdamW:
    """PyTorch's AdamW."""
    return AdamW(parameters, **common_settings(config))


class GroupAdam(GroupOptimizer):
    """`torch.optim.Adam` or `AdamW`, for several trials with the same betas and epsilon."""

    def update(self, parameters: list[Tensor], gradients: list[Tensor]) -> None:
        """Does a step, in place."""
        settings = self.trials[0]
        (beta1, beta2), epsilon = settings["betas"], settings["eps"]
        states = [self._state_of(parameter) for parameter in parameters]
        means, squares = ([s[name] for s in states] for name in ("exp_avg", "exp_avg_sq"))
        rates = self.columns("lr", parameters)
        if self.any_has("weight_decay"):
            if settings["decoupled_weight_decay"]:
                decays = self.columns("weight_decay", parameters)
                for parameter, rate, decay in zip(parameters, rates, decays, strict=True):
                    parameter.mul_(1 - rate * decay)
            else:
                gradients = self.decayed(parameters, gradients)
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
        """Moments of a parameter; on a GPU with the step count, as in PyTorch's own."""
        state = self.state[parameter]
        if not state:
            state["step"] = torch.zeros((), dtype=torch.float32)
            state["exp_avg"] = torch.zeros_like(parameter)
            state["exp_avg_sq"] = torch.zeros_like(parameter)
        if parameter.is_cuda:
            state["step"] = state["step"].to(parameter.device)
            lay_out(state, parameter)
        return cast(dict[str, Any], state)

    @staticmethod
    def _rest(beta: float, step: Any, like: Tensor) -> Any:
        """`1 - beta**step`, on a GPU in the dtype of the parameters."""
        rest = 1 - beta**step
        return rest.to(like.dtype) if isinstance(rest, Tensor) else rest

    @staticmethod
    def _count(steps: list[Tensor]) -> Any:
        """Counts a step; on a GPU the count stays there, so that nothing waits for it."""
        foreach.add_(steps, 1)
        return steps[0].double() if steps[0].is_cuda else steps[0].item()
