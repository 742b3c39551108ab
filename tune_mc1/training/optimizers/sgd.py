"""Stochastic gradient descent with momentum."""

from typing import Any, cast

import torch
from torch import Tensor
from torch.optim import SGD

from tune_mc1.config.trial import TrialConfig
from tune_mc1.training.optimizers.base import GroupOptimizer, common_settings, lay_out
from tune_mc1.training.torch_private import foreach


def make_sgd(config: TrialConfig, parameters: list[Any]) -> SGD:
    """PyTorch's SGD."""
    return SGD(parameters, **common_settings(config))


class GroupSGD(GroupOptimizer):
    """`torch.optim.SGD`, for several trials."""

    def update(self, parameters: list[Tensor], gradients: list[Tensor]) -> None:
        """Does a step, in place."""
        changes = gradients
        if self.any_has("weight_decay"):
            changes = self.decayed(parameters, gradients)
        if self.any_has("momentum"):
            buffers = [self._buffer(parameter) for parameter in parameters]
            foreach.mul_(buffers, self.columns("momentum", parameters))
            foreach.add_(buffers, changes)
            if self.trials[0].get("nesterov"):
                momenta = self.columns("momentum", parameters)
                changes = foreach.addcmul(changes, momenta, buffers)
            else:
                changes = buffers
        rates = self.columns("lr", parameters)
        foreach.addcmul_(parameters, changes, rates, value=-1)

    def _buffer(self, parameter: Tensor) -> Tensor:
        state = self.state[parameter]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(parameter)
        if parameter.is_cuda:
            lay_out(state, parameter)
        return cast(Tensor, state["momentum_buffer"])
