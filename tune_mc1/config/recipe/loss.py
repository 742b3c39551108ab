"""Parameters of the loss."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field

from tune_mc1.config.field_types import Float
from tune_mc1.config.recipe.number_list import check_numbers
from tune_mc1.config.trial_parameters import ParameterInfo

BALANCED = "balanced"

_WEIGHTS = "must be balanced, or a list of weights of at least 0, not all of them 0, one per class"


def _class_weights(value: Any) -> Any:
    if value is None or (isinstance(value, str) and value.strip().lower() == BALANCED):
        return value and BALANCED
    return check_numbers(value, _WEIGHTS, lambda ws: len(ws) > 1 and min(ws) >= 0 < max(ws))


class LossParameters(BaseModel):
    """Parameters of the loss.

    Attributes:
        label_smoothing: Share of each label that is spread over all classes, in [0, 1).
        class_weights: Weight of each class in the loss, in the order of the classes; `balanced`
            weighs them inversely to their frequency among the training images, as scikit-learn
            does. None weighs all images equally.
        focal_gamma: Exponent that lowers the weight of images that are already classified well, at
            least 0 (Lin et al. 2017, arXiv 1708.02002). None is 2 for `FocalLoss`, else 0.
    """

    label_smoothing: Annotated[Float, ParameterInfo("label smoothing", "Label Smoothing")] = Field(
        default=0.0, ge=0, lt=1
    )
    class_weights: Annotated[
        str | None,
        BeforeValidator(_class_weights),
        ParameterInfo("class weights", "Klassengewichte"),
    ] = None
    focal_gamma: Annotated[Float | None, ParameterInfo("focal gamma", "Gamma (Focal Loss)")] = (
        Field(default=None, ge=0, le=100)
    )
