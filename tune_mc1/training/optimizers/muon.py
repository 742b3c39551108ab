"""Muon for matrices, with AdamW for all other parameters."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer

from tune_mc1.config.trial import TrialConfig
from tune_mc1.training.optimizers.library import settings_of

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the quintic iteration (K. Jordan 2024, kellerjordan.github.io/posts/muon)."""

STEPS = 5
LEAST_NORM = 1e-7


def make_muon(config: TrialConfig, parameters: list[Any]) -> "Muon":
    """Muon with the trial's settings."""
    settings = settings_of(config)
    momentum, nesterov = settings.pop("momentum"), settings.pop("nesterov", True)
    return Muon(parameters, momentum, nesterov, config.adjust_lr_fn, **settings)


class Muon(Optimizer):
    """`torch.optim.Muon` for matrices and kernels, `torch.optim.AdamW` for everything else.

    A kernel (out, in, height, width) is the matrix (out, in * height * width). Matrices of a single
    row or column, such as class tokens, are trained by AdamW. On a GPU, matrices are made
    orthogonal in bfloat16, as PyTorch does, on a CPU in 32 bits.

    Args:
        parameters: Parameters, or groups of them with settings of their own.
        momentum: Decay rate of the mean of the gradients.
        nesterov: Whether momentum is Nesterov's.
        adjust_lr_fn: `original`, `match_rms_adamw` or `spectral_unclamped`, as PyTorch names them.
        settings: Settings of AdamW; `lr` and `weight_decay` are also those of the matrices.
    """

    def __init__(
        self,
        parameters: list[Any],
        momentum: float,
        nesterov: bool,
        adjust_lr_fn: str,
        **settings: Any,
    ) -> None:
        groups = parameters if isinstance(parameters[0], dict) else [{"params": parameters}]
        own = {"momentum": momentum, "nesterov": nesterov, "adjust_lr_fn": adjust_lr_fn}
        common = {"lr": settings["lr"], "weight_decay": settings["weight_decay"]}
        matrices, others = [], []
        for group in groups:
            flat = [p for p in group["params"] if is_matrix(p)]
            rest = [p for p in group["params"] if not is_matrix(p)]
            if flat:
                matrices.append({**common, **own, **group, "params": flat, "muon": True})
            if rest:
                others.append({**group, "params": rest, "muon": False})
        self.rest = AdamW(others, **settings, fused=True) if others else None
        made = self.rest.param_groups if self.rest is not None else []
        super().__init__([*matrices, *made], common)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Does a step."""
        result = None
        if closure is not None:
            with torch.enable_grad():
                result = closure()
        if self.rest is not None:  # they may be others since a checkpoint was loaded
            self.rest.param_groups = [g for g in self.param_groups if not g["muon"]]
            self.rest.state = self.state
            self.rest.step()
        for group in self.param_groups:
            if group["muon"]:
                for parameter in group["params"]:
                    if parameter.grad is not None:
                        self._update(parameter, parameter.grad, group)
        return result

    def _update(self, parameter: nn.Parameter, gradient: Tensor, group: dict[str, Any]) -> None:
        state = self.state[parameter]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(gradient)
        mean, momentum = state["momentum_buffer"], group["momentum"]
        mean.lerp_(gradient, 1 - momentum)
        change = gradient.lerp(mean, momentum) if group["nesterov"] else mean
        matrix = change.flatten(1)
        rate = group["lr"] * _adjustment(matrix, group["adjust_lr_fn"])
        parameter.mul_(1 - group["lr"] * group["weight_decay"])
        parameter.add_(orthogonal(matrix).view(change.shape).to(parameter), alpha=-rate)


def is_matrix(parameter: Tensor) -> bool:
    """True if a parameter is a matrix, or a kernel that can be one."""
    return parameter.ndim >= 2 and 1 < parameter.shape[0] < parameter.numel()


def orthogonal(matrix: Tensor) -> Tensor:
    """Nearly the orthogonal matrix that is closest to a matrix, by a Newton-Schulz iteration."""
    a, b, c = COEFFICIENTS
    wide = matrix.bfloat16() if matrix.is_cuda else matrix
    tall = wide.shape[0] > wide.shape[1]
    wide = wide.mT if tall else wide
    wide = wide / wide.norm().clamp(min=LEAST_NORM)
    for _ in range(STEPS):
        gram = wide @ wide.mT
        wide = torch.addmm(wide, torch.addmm(gram, gram, gram, beta=b, alpha=c), wide, beta=a)
    return (wide.mT if tall else wide).contiguous()


def _adjustment(matrix: Tensor, kind: str) -> float:
    rows, columns = matrix.shape
    if kind == "original":
        return math.sqrt(max(1, rows / columns))
    if kind == "spectral_unclamped":
        return math.sqrt(rows / columns)
    return 0.2 * math.sqrt(max(rows, columns))
