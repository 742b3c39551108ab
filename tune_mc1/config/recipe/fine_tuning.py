"""Parameters of training a network in part, or its layers at rates of their own."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field

from tune_mc1.config.field_types import Float
from tune_mc1.config.trial_parameters import ParameterInfo

BACKBONE = "backbone"

_FREEZE = "must be backbone, or the number of blocks to freeze, counted from the images"


def _freeze(value: Any) -> Any:
    if value is None:
        return None
    text = str(value).strip().lower()
    if isinstance(value, bool) or (
        text != BACKBONE and not (text.isdigit() and 0 < int(text) < 1000)
    ):
        raise ValueError(_FREEZE)
    return text if text == BACKBONE else str(int(text))


class FineTuningParameters(BaseModel):
    """Parameters of training a network in part, or its layers at rates of their own.

    Attributes:
        freeze: `backbone` trains the last layer alone; a number N freezes the first N blocks, with
            the statistics of their batch norm. None trains everything.
        layer_decay: Factor of the learning rate from each block to the one before it, in (0, 1]
            (timm): the last block has the full rate. None is the same rate everywhere.
        norm_bias_lr_factor: Factor of the learning rate for the biases of normalisation layers;
            64 trains networks with batch norm in fewer epochs (K. Jordan 2024, arXiv 2404.00498).
    """

    freeze: Annotated[
        str | None, BeforeValidator(_freeze), ParameterInfo("frozen", "eingefroren", agree=True)
    ] = None
    layer_decay: Annotated[
        Float | None, ParameterInfo("layer decay", "Abfall je Block", agree=True)
    ] = Field(default=None, gt=0, le=1)
    norm_bias_lr_factor: Annotated[
        Float, ParameterInfo("rate of norms' biases", "Rate der Norm-Bias", agree=True)
    ] = Field(default=1.0, gt=0, le=1000)
