"""Parameters of the images that a network gets."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

from tune_mc1.config.field_types import Int
from tune_mc1.config.trial_parameters import ParameterInfo

HALF: Literal["0.5"] = "0.5"
"""Value of `normalize` that leaves images in [-1, 1]."""

MEANS = {"imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))}
"""Mean and standard deviation of each channel, on a scale from 0 to 1."""


def _normalization(value: Any) -> Any:
    if value in (0.5, HALF) and not isinstance(value, bool):
        return HALF
    if value in ("dataset", "imagenet"):
        return value
    raise ValueError("must be dataset, imagenet or 0.5")


class InputParameters(BaseModel):
    """Parameters of the images that a network gets.

    Attributes:
        image_size: Height and width in pixels: the shorter side is resized, with antialias, and the
            centre cropped. None takes the images as they are.
        normalize: What is subtracted from the channels, and what divides them, after augmentation:
            `0.5` for both, `imagenet`'s means and standard deviations, or those of the training
            images (`dataset`).
    """

    image_size: Annotated[Int | None, ParameterInfo("image size", "Bildgrösse", agree=True)] = (
        Field(default=None, ge=1, le=4096)
    )
    normalize: Annotated[
        Literal["0.5", "imagenet", "dataset"],
        BeforeValidator(_normalization),
        ParameterInfo("normalisation", "Normalisierung", agree=True),
    ] = HALF

    def input_shape(self, image_shape: tuple[int, int, int]) -> tuple[int, int, int]:
        """Channels, height and width of the images that the network gets.

        Args:
            image_shape: Those of the images in the data set.
        """
        if self.image_size is None:
            return image_shape
        return image_shape[0], self.image_size, self.image_size
