"""Parameters of the loss."""

from typing import Annotated

from pydantic import BaseModel, Field

from tune_mc1.config.field_types import Float
from tune_mc1.config.trial_parameters import ParameterInfo


class LossParameters(BaseModel):
    """Parameters of the loss.

    Attributes:
        label_smoothing: Share of each label that is spread over all classes, in [0, 1).
    """

    label_smoothing: Annotated[Float, ParameterInfo("label smoothing", "Label Smoothing")] = Field(
        default=0.0, ge=0, lt=1
    )
