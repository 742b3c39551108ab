"""Parameters of optimisers beside learning rate, weight decay and momentum."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from tune_mc1.config.field_types import Float, one_of
from tune_mc1.config.recipe.number_list import number_list
from tune_mc1.config.trial_parameters import ParameterInfo

_BETAS = "must be a list of two numbers, each at least 0 and less than 1"

RateAdjustment = Literal["original", "match_rms_adamw", "spectral_unclamped"]


class OptimizerParameters(BaseModel):
    """Parameters of optimisers; which of them takes which: its entry in `OPTIMIZERS`.

    None is the optimiser's own default.

    Attributes:
        nesterov: Whether momentum is Nesterov's.
        betas: Decay rates of the two moments of Adam and its relatives, as a list.
        eps: Added to denominators, greater than 0.
        alpha: Decay rate of RMSprop's squares, in [0, 1).
        filter_bias_and_bn: Whether weight decay spares biases and norms: parameters of one
            dimension, and those that the network itself exempts (timm).
        adjust_lr_fn: How Muon scales its rate with the size of a matrix (`torch.optim.Muon`); the
            default suits the same rate as AdamW's.
    """

    nesterov: Annotated[bool | None, ParameterInfo("Nesterov", "Nesterov", agree=True)] = None
    betas: Annotated[
        str | None,
        number_list(_BETAS, lambda betas: len(betas) == 2 and all(0 <= b < 1 for b in betas)),
        ParameterInfo("betas", "Betas", agree=True),
    ] = None
    eps: Annotated[Float | None, ParameterInfo("epsilon", "Epsilon", agree=True)] = Field(
        default=None, gt=0, le=1
    )
    alpha: Annotated[Float | None, ParameterInfo("alpha", "Alpha", agree=True)] = Field(
        default=None, ge=0, lt=1
    )
    filter_bias_and_bn: Annotated[
        bool,
        ParameterInfo(
            "no decay of biases and norms", "kein Decay von Bias und Normierung", agree=True
        ),
    ] = False
    adjust_lr_fn: Annotated[
        RateAdjustment,
        one_of(("original", "match_rms_adamw", "spectral_unclamped")),
        ParameterInfo("rate adjustment", "Anpassung der Rate", agree=True),
    ] = "match_rms_adamw"
