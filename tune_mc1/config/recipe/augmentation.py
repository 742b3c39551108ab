"""Parameters of augmentations, of mixed images, and of the test-time flip."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from tune_mc1.config.field_types import Float, Int, one_of
from tune_mc1.config.trial_parameters import ParameterInfo

PaddingMode = Literal["reflect", "constant"]


class AugmentationParameters(BaseModel):
    """Parameters of augmentations, named after the augmentation of `augment` that takes them.

    Attributes:
        crop_padding: Pixels around an image before `crop` takes a part of its size.
        crop_padding_mode: `reflect` mirrors the image at its edges, `constant` adds black ones
            (torchvision's `padding_mode`).
        cutout_size: Side of the square that `cutout` blanks, in pixels.
        color_jitter_brightness: Most that `color_jitter` changes brightness by, as a share.
        color_jitter_contrast: The same for contrast.
        color_jitter_saturation: The same for saturation.
        color_jitter_hue: Most that it turns the hue by, in turns.
        random_erasing_p: Probability that `random_erasing` blanks a part of an image.
        rand_augment_num_ops: Operations that `rand_augment` applies to each image.
        rand_augment_magnitude: Strength of these, from 0 to 30.
        random_resized_crop_scale: Smallest part of an image's area that `random_resized_crop`
            enlarges to the image's size.
        mixup_alpha: Both parameters of the beta distribution that mixup draws the share of a
            partner from; 0 mixes nothing.
        cutmix_alpha: The same for CutMix, which pastes a part of the partner. With both, each
            batch draws one of them.
        test_time_flip: Whether validation and test average the logits of an image and its mirror
            image.
        test_time_translate: Pixels by which validation and test also shift each image up and left,
            and down and right, for the mean of the logits; the image's own place counts half. 0
            shifts nothing.
        test_time_in_validation: Whether validation averages over those views, too. If not, it is
            faster, and only test and predictions do.
    """

    crop_padding: Annotated[Int, ParameterInfo("padding of crops", "Rand beim Zuschneiden")] = (
        Field(default=4, ge=1, le=1024)
    )
    crop_padding_mode: Annotated[
        PaddingMode,
        one_of(("reflect", "constant"), {"zero": "constant", "zeros": "constant"}),
        ParameterInfo("kind of padding", "Art des Rands"),
    ] = "reflect"
    cutout_size: Annotated[Int, ParameterInfo("cutout size", "Cutout-Grösse")] = Field(
        default=16, ge=1, le=4096
    )
    color_jitter_brightness: Annotated[
        Float, ParameterInfo("brightness jitter", "Helligkeitsstreuung")
    ] = Field(default=0.4, ge=0, le=1)
    color_jitter_contrast: Annotated[
        Float, ParameterInfo("contrast jitter", "Kontraststreuung")
    ] = Field(default=0.4, ge=0, le=1)
    color_jitter_saturation: Annotated[
        Float, ParameterInfo("saturation jitter", "Sättigungsstreuung")
    ] = Field(default=0.4, ge=0, le=1)
    color_jitter_hue: Annotated[Float, ParameterInfo("hue jitter", "Farbtonstreuung")] = Field(
        default=0.0, ge=0, le=0.5
    )
    random_erasing_p: Annotated[
        Float, ParameterInfo("probability of erasing", "Wahrscheinlichkeit des Löschens")
    ] = Field(default=0.5, ge=0, le=1)
    rand_augment_num_ops: Annotated[
        Int, ParameterInfo("RandAugment operations", "RandAugment-Operationen")
    ] = Field(default=2, ge=1, le=16)
    rand_augment_magnitude: Annotated[
        Int, ParameterInfo("RandAugment magnitude", "RandAugment-Stärke")
    ] = Field(default=9, ge=0, le=30)
    random_resized_crop_scale: Annotated[
        Float, ParameterInfo("smallest crop area", "kleinste Ausschnittfläche")
    ] = Field(default=0.08, gt=0, le=1)
    mixup_alpha: Annotated[Float, ParameterInfo("mixup alpha", "Mixup-Alpha", agree=True)] = Field(
        default=0.0, ge=0, le=100
    )
    cutmix_alpha: Annotated[Float, ParameterInfo("CutMix alpha", "CutMix-Alpha", agree=True)] = (
        Field(default=0.0, ge=0, le=100)
    )
    test_time_flip: Annotated[
        bool, ParameterInfo("test-time flip", "Test-Time Flip", agree=True)
    ] = False
    test_time_translate: Annotated[
        Int, ParameterInfo("test-time translation", "Test-Time Translation", agree=True)
    ] = Field(default=0, ge=0, le=1024)
    test_time_in_validation: Annotated[
        bool,
        ParameterInfo(
            "test-time views in validation", "Test-Time-Ansichten bei der Validierung", agree=True
        ),
    ] = True
