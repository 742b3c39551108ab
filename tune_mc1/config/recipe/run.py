"""Parameters of how weights follow their gradients, and of when a trial ends."""

from typing import Annotated

from pydantic import BaseModel, Field

from tune_mc1.config.field_types import Float, Int
from tune_mc1.config.trial_parameters import ParameterInfo


class RunParameters(BaseModel):
    """Parameters of how weights follow their gradients, and of when a trial ends.

    Attributes:
        clip_grad: Largest norm of the gradient of all weights; larger ones are scaled down to it
            (timm; `torch.nn.utils.clip_grad_norm_`). None clips nothing.
        ema_decay: Decay of an exponential moving average of the weights, in [0, 1), with which the
            trial is validated and tested (timm's `ModelEmaV3`). 0 keeps none.
        ema_warmup: Whether that decay rises from 0 to `ema_decay` (timm's `use_warmup`).
        early_stopping_patience: Epochs without a better value of the sweep's metric after which the
            trial ends. 0 runs all epochs.
        torch_compile: Whether the network's forward and backward pass are compiled
            (`torch.compile`).
    """

    clip_grad: Annotated[Float | None, ParameterInfo("gradient norm", "Gradientennorm")] = Field(
        default=None, gt=0, le=1e9
    )
    ema_decay: Annotated[Float, ParameterInfo("EMA decay", "EMA-Decay")] = Field(
        default=0.0, ge=0, lt=1
    )
    ema_warmup: Annotated[bool, ParameterInfo("EMA warm-up", "EMA-Warm-up")] = False
    early_stopping_patience: Annotated[Int, ParameterInfo("patience", "Geduld")] = Field(
        default=0, ge=0, le=100_000
    )
    torch_compile: Annotated[bool, ParameterInfo("torch.compile", "torch.compile", agree=True)] = (
        False
    )
