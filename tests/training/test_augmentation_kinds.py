"""What each augmentation does to images."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import pad

from tune_mc1.config.trial import TrialConfig
from tune_mc1.training.augment import augment_batch


def augmented(pixels: Tensor, epoch: int = 0, **parameters: Any) -> Tensor:
    new = pixels.clone()
    indices = torch.arange(len(pixels))
    augment_batch([TrialConfig(**parameters)], new, indices.clone(), indices, epoch)
    return new


@pytest.fixture(scope="module")
def noise() -> Tensor:
    """Images without a zero, of which no two pixels are alike."""
    drawn = torch.rand((600, 3, 12, 16), generator=torch.Generator().manual_seed(0))
    return (drawn * 1.9 - 0.95).to(memory_format=torch.channels_last)


@pytest.mark.parametrize("mode", ["reflect", "constant"])
def test_crops_are_parts_of_the_padded_image_each_equally_often(noise: Tensor, mode: str) -> None:
    new = augmented(noise, augment="crop", crop_padding=2, crop_padding_mode=mode)
    padded = pad(noise, (2, 2, 2, 2), mode=mode, value=-1.0 if mode == "constant" else None)
    counts = torch.zeros(5, 5)
    for down in range(5):
        for right in range(5):
            part = padded[..., down : down + 12, right : right + 16]
            counts[down, right] = (new == part).flatten(1).all(dim=1).sum()
    assert counts.sum() == 600
    assert counts.min() >= 8
    assert counts.max() <= 44  # 24 expected, 4 standard deviations


def test_cutout_blanks_one_square(noise: Tensor) -> None:
    new = augmented(noise, augment="cutout", cutout_size=5)
    blank = new == 0
    assert torch.equal(blank.any(dim=1), blank.all(dim=1))
    assert torch.equal(new.where(~blank, 0), noise.where(~blank, 0))
    rows, columns = blank[:, 0].any(dim=2).sum(dim=1), blank[:, 0].any(dim=1).sum(dim=1)
    assert torch.equal(blank[:, 0].sum(dim=(1, 2)), rows * columns)
    assert (int(rows.min()), int(rows.max())) == (3, 5)  # cut off at the edges
    # 8 of 12 rows and 12 of 16 columns are far enough from the edges.
    whole = ((rows == 5) & (columns == 5)).float().mean()
    assert abs(whole - 8 / 12 * 12 / 16) < 0.08


def test_random_erasing_blanks_rectangles_of_the_areas_named(noise: Tensor) -> None:
    new = augmented(noise, augment="random_erasing", random_erasing_p=0.6)
    blank = (new == 0).all(dim=1)
    erased = blank.flatten(1).any(dim=1)
    assert abs(erased.float().mean() - 0.6) < 0.08
    rows, columns = blank.any(dim=2).sum(dim=1), blank.any(dim=1).sum(dim=1)
    assert torch.equal(blank.sum(dim=(1, 2)), rows * columns)
    area = (rows * columns)[erased] / (12 * 16)
    assert 0.01 < area.min() < 0.03
    assert 0.3 < area.max() < 0.37
    assert abs(area.mean() - 0.175) < 0.02
    assert torch.equal(augmented(noise, augment="random_erasing", random_erasing_p=0.0), noise)


def test_flips_by_turns_show_both_sides_in_two_epochs(noise: Tensor) -> None:
    even, odd = (augmented(noise, epoch, augment="flip_alternate") for epoch in (0, 1))
    assert torch.equal(even.flip(-1), odd)
    assert torch.equal(augmented(noise, 2, augment="flip_alternate"), even)
    kept = (even == noise).flatten(1).all(dim=1).float().mean()
    assert abs(kept - 0.5) < 0.08


def test_resized_crops_have_the_areas_and_shapes_named() -> None:
    """Of an image of its own coordinates, each crop shows where it was taken."""
    size = 32
    ramp = (torch.arange(size) + 0.5) / size
    image = torch.stack((ramp.expand(size, size), ramp[:, None].expand(size, size)))[None]
    new = augmented(
        image.repeat(2000, 1, 1, 1), augment="random_resized_crop", random_resized_crop_scale=0.2
    )
    half = (new[:, 0, 0, 24] - new[:, 0, 0, 8]), (new[:, 1, 24, 0] - new[:, 1, 8, 0])
    width, height = (2 * part for part in half)
    area, ratio = width * height, width / height
    assert 0.18 < area.min() < 0.22
    assert 0.95 < area.max() <= 1
    assert abs(area.mean() - 0.57) < 0.03  # a little less than 0.6: wide crops of nine tenths
    assert 0.7 < ratio.min() < 0.8
    assert 1.25 < ratio.max() < 1.45


def test_jitter_is_as_strong_as_named() -> None:
    grey = torch.zeros(1000, 3, 4, 4)  # contrast and saturation leave it
    only: dict[str, Any] = {"color_jitter_contrast": 0.0, "color_jitter_saturation": 0.0}
    new = augmented(grey, augment="color_jitter", color_jitter_brightness=0.5, **only)
    factors = (new[:, 0, 0, 0] + 1) / 2 / 0.5
    assert torch.equal(new, new[:, :1, :1, :1].expand_as(new))
    assert 0.5 <= factors.min() < 0.51
    assert 1.49 < factors.max() <= 1.5
    assert abs(factors.mean() - 1) < 0.04


def test_rand_augment_draws_every_operation_and_magnitude_zero_moves_little(noise: Tensor) -> None:
    parameters: dict[str, Any] = {"augment": "rand_augment", "rand_augment_num_ops": 1}
    weak = augmented(noise, rand_augment_magnitude=0, **parameters)
    strong = augmented(noise, rand_augment_magnitude=30, **parameters)
    close = ((weak - noise).abs().flatten(1).amax(dim=1) < 0.01).float().mean()
    # Only autocontrast has no strength; so has equalise, but it needs 256 pixels.
    assert abs(close - 13 / 14) < 0.05
    same = ((strong - noise).abs().flatten(1).amax(dim=1) < 1e-5).float().mean()
    assert abs(same - 2 / 14) < 0.05  # these, and identity
