"""Operations of RandAugment and TrivialAugment and their strengths, as torchvision has them."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from tune_mc1.training import image_operations as ops
from tune_mc1.training.image_operations import Operation

BINS = 31
"""Number of strengths of each operation, from none to its strongest."""


@dataclass(frozen=True)
class Strengths:
    """An operation with its strengths.

    Attributes:
        operation: The operation.
        values: Its argument by strength, (BINS,).
        signed: Whether the argument's sign is drawn.
        base: Added to the argument, after the sign.
    """

    operation: Operation
    values: Tensor
    signed: bool = False
    base: float = 0.0

    def arguments(self, bins: Tensor, negative: Tensor) -> Tensor:
        """Arguments (n,) of images.

        Args:
            bins: Their strengths, int64 (n,) in [0, BINS).
            negative: Whether a signed argument is negative, bool (n,).
        """
        chosen = self.values.to(bins.device)[bins]
        return (chosen.where(~negative, -chosen) if self.signed else chosen) + self.base


Space = Mapping[str, Strengths]
"""Operations by torchvision's names."""


def rand_augment_space(height: int, width: int) -> Space:
    """The space of torchvision's `RandAugment`.

    Args:
        height: Of the images, in pixels.
        width: Of the images, in pixels.
    """
    return _space(0.3, (150 / 331 * width, 150 / 331 * height), 30.0, 0.9, 4)


def trivial_augment_space() -> Space:
    """The space of torchvision's `TrivialAugmentWide`."""
    return _space(0.99, (32.0, 32.0), 135.0, 0.99, 2)


def _space(
    shear: float, shift: tuple[float, float], angle: float, color: float, bits: int
) -> dict[str, Strengths]:
    """The operations.

    Args:
        shear: Strongest shear, as a tangent.
        shift: Largest shift in pixels, to the right and down.
        angle: Largest angle, in degrees.
        color: Largest change of a factor.
        bits: Bits of each channel that the strongest posterisation leaves.
    """

    def up_to(most: float) -> Tensor:
        return torch.linspace(0.0, most, BINS)

    none = torch.zeros(BINS)
    kept = (8 - torch.arange(BINS) / ((BINS - 1) / (8 - bits))).round()
    changes = up_to(color)
    return {
        "Identity": Strengths(ops.identity, none),
        "ShearX": Strengths(ops.shear_x, up_to(shear), signed=True),
        "ShearY": Strengths(ops.shear_y, up_to(shear), signed=True),
        "TranslateX": Strengths(ops.translate_x, up_to(shift[0]).trunc(), signed=True),
        "TranslateY": Strengths(ops.translate_y, up_to(shift[1]).trunc(), signed=True),
        "Rotate": Strengths(ops.rotate, up_to(angle), signed=True),
        "Brightness": Strengths(ops.brightness, changes, signed=True, base=1.0),
        "Color": Strengths(ops.saturation, changes, signed=True, base=1.0),
        "Contrast": Strengths(ops.contrast, changes, signed=True, base=1.0),
        "Sharpness": Strengths(ops.sharpness, changes, signed=True, base=1.0),
        "Posterize": Strengths(ops.posterize, kept),
        "Solarize": Strengths(ops.solarize, torch.linspace(1.0, 0.0, BINS)),
        "AutoContrast": Strengths(ops.autocontrast, none),
        "Equalize": Strengths(ops.equalize, none),
    }


def apply_space(
    space: Space, pixels: Tensor, drawn: Tensor, bins: Tensor, negative: Tensor
) -> Tensor:
    """Applies to each image the operation that was drawn for it.

    Args:
        space: The operations.
        pixels: (n, channels, height, width) in [0, 1].
        drawn: Position of each image's operation in `space`, int64 (n,).
        bins: Strengths, int64 (n,) in [0, BINS).
        negative: Whether a signed argument is negative, bool (n,).
    """
    parts = list(space.values())
    arguments = torch.stack([part.arguments(bins, negative) for part in parts])
    own = arguments.gather(0, drawn[None])[0].to(pixels.dtype)
    return ops.apply_drawn(pixels, drawn, [part.operation for part in parts], own)
