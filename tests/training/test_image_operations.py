"""Operations on batches: each image as torchvision's function changes it alone."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as tv

from tune_mc1.data.images import ImageData
from tune_mc1.training import image_operations as ops
from tune_mc1.training.augment_space import (
    BINS,
    apply_space,
    rand_augment_space,
    trivial_augment_space,
)

Reference = Callable[[Tensor, float], Tensor]


def affine(image: Tensor, **changes: Any) -> Tensor:
    known: dict[str, Any] = {"angle": 0.0, "translate": [0, 0], "scale": 1.0, "shear": [0.0, 0.0]}
    made: Tensor = tv.affine(image, **{**known, **changes})
    return made


def degrees(tangent: float) -> float:
    return math.degrees(math.atan(tangent))


REFERENCES: dict[str, Reference] = {
    "Identity": lambda x, _: x,
    "ShearX": lambda x, m: affine(x, shear=[degrees(m), 0.0], center=[0, 0]),
    "ShearY": lambda x, m: affine(x, shear=[0.0, degrees(m)], center=[0, 0]),
    "TranslateX": lambda x, m: affine(x, translate=[int(m), 0]),
    "TranslateY": lambda x, m: affine(x, translate=[0, int(m)]),
    "Rotate": tv.rotate,
    "Brightness": lambda x, m: tv.adjust_brightness(x, 1 + m),
    "Color": lambda x, m: tv.adjust_saturation(x, 1 + m),
    "Contrast": lambda x, m: tv.adjust_contrast(x, 1 + m),
    "Sharpness": lambda x, m: tv.adjust_sharpness(x, 1 + m),
    "Posterize": lambda x, m: tv.posterize(x, int(m)),
    "Solarize": lambda x, m: tv.solarize(x, 255 * m),
    "AutoContrast": lambda x, _: tv.autocontrast(x),
    "Equalize": lambda x, _: tv.equalize(x),
}
OF_FLOATS = {"Brightness", "Color", "Contrast", "Sharpness", "AutoContrast"}
"""Compared in floats: torchvision's results in 8 bits are those, rounded down."""


@pytest.fixture(scope="module")
def pixels(images: ImageData) -> Tensor:
    """uint8 (n, 3, 32, 32), of all the contrasts that there are."""
    return torch.from_numpy(images.train_images[: 2 * BINS]).movedim(3, 1).contiguous()


def torchvisions_space(kind: str) -> dict[str, tuple[Tensor, bool]]:
    from torchvision.transforms import v2

    made = {"rand": v2.RandAugment, "trivial": v2.TrivialAugmentWide}[kind]
    space = made._AUGMENTATION_SPACE
    zero = torch.zeros(BINS)
    values = {name: (entry[0](BINS, 32, 32), entry[1]) for name, entry in space.items()}
    return {name: (zero if v is None else v, signed) for name, (v, signed) in values.items()}


@pytest.mark.parametrize("grey", [False, True], ids=["colour", "grey"])
@pytest.mark.parametrize("kind", ["rand", "trivial"])
def test_every_operation_at_every_strength_is_torchvisions(
    pixels: Tensor, kind: str, grey: bool
) -> None:
    space = rand_augment_space(32, 32) if kind == "rand" else trivial_augment_space()
    theirs = torchvisions_space(kind)
    assert list(space) == list(theirs)
    source = pixels[:, :1] if grey else pixels
    bins = torch.arange(len(source)) % BINS
    negative = torch.arange(len(source)) // BINS % 2 == 1
    unit = source.float() / 255
    for number, (name, (values, signed)) in enumerate(theirs.items()):
        drawn = torch.full_like(bins, number)
        ours = apply_space(space, unit, drawn, bins, negative)
        for i, image in enumerate(source):
            magnitude = float(values[bins[i]]) * (-1 if signed and negative[i] else 1)
            if name in OF_FLOATS:
                expected = REFERENCES[name](unit[i], magnitude)
                torch.testing.assert_close(ours[i], expected, rtol=0, atol=2e-6)
            else:
                expected = REFERENCES[name](image, magnitude)
                # A place between two pixels may round to either: at most two of a hundred.
                wrong = (ours[i] * 255).round() != expected
                assert wrong.float().mean() <= (
                    0.02 if name in ("Rotate", "ShearX", "ShearY") else 0
                )


def test_hue_is_torchvisions(pixels: Tensor) -> None:
    unit = pixels.float() / 255
    turns = torch.linspace(-0.5, 0.5, len(unit))
    for ours, image, turn in zip(ops.hue(unit, turns), unit, turns.tolist(), strict=True):
        torch.testing.assert_close(ours, tv.adjust_hue(image, turn), rtol=0, atol=2e-6)
    assert torch.equal(ops.hue(unit[:, :1], turns), unit[:, :1])


def test_a_resized_crop_is_torchvisions(pixels: Tensor) -> None:
    unit = pixels[:50].float() / 255
    generator = torch.Generator().manual_seed(0)
    high, wide = torch.randint(1, 33, (2, 50), generator=generator)
    top, left = ((torch.rand(50, generator=generator) * (33 - s)).long() for s in (high, wide))
    for ours, image, box in zip(
        ops.resized_crop(unit, top, left, high, wide),
        unit,
        torch.stack((top, left, high, wide), dim=1).tolist(),
        strict=True,
    ):
        expected = tv.resized_crop(image, *box, size=[32, 32], antialias=True)
        torch.testing.assert_close(ours, expected, rtol=0, atol=2e-5)
