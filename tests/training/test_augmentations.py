"""Augmentation: what an image becomes depends on its index, the seed and the epoch alone."""

from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from tests.support import group_run, one_trial
from tests.support.group_run import CutOff, Report, nearly_equal
from tune_mc1.config.augmentations import AUGMENTATIONS, augmentation_image_problem
from tune_mc1.config.problems import problems_of
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.validation import Holdout
from tune_mc1.data.batches import ImageTensors
from tune_mc1.data.images import ImageData
from tune_mc1.data.splits import make_split
from tune_mc1.errors import TrialError
from tune_mc1.planning.fusion import group_key
from tune_mc1.seeding import uniform
from tune_mc1.training.augment import augment_batch
from tune_mc1.training.group import Group

HELD_OUT = Holdout(holdout=0.2)
KNOWN = ", ".join(["none", *AUGMENTATIONS])


def augmented(
    images: ImageData, indices: Tensor, epoch: int = 0, **parameters: Any
) -> tuple[Tensor, Tensor]:
    source = ImageTensors(images.train_images, images.train_labels)
    batch, labels = source.gather(indices), source.gather_labels(indices)
    augment_batch([TrialConfig(**parameters)], batch, labels, indices, epoch)
    return batch, labels


def test_numbers_of_items_are_uniform_and_depend_on_nothing_else() -> None:
    items = torch.arange(50_000)
    drawn = uniform(items, 3, "flip", 7)
    assert drawn.min() >= 0
    assert drawn.max() < 1
    assert torch.histc(drawn, 10, 0, 1).sub(5000).abs().max() < 300  # over 4 standard deviations
    assert torch.equal(uniform(items.flip(0)[:77], 3, "flip", 7), drawn.flip(0)[:77])
    others = [uniform(items, 4, "flip", 7), uniform(items, 3, "flip", 8), uniform(items, 3, "c", 7)]
    correlations = torch.corrcoef(torch.stack([drawn, drawn.roll(1), *others])) - torch.eye(5)
    assert correlations.abs().max() < 0.02


def test_flip_mirrors_half_of_the_images_anew_in_each_epoch(images: ImageData) -> None:
    order = torch.arange(len(images.train_labels))
    plain, labels = augmented(images, order)
    flipped = []
    for epoch in range(2):
        new, new_labels = augmented(images, order, epoch, augment="flip")
        mirrored = (new == plain.flip(-1)).flatten(1).all(dim=1)
        assert ((new == plain).flatten(1).all(dim=1) | mirrored).all()
        assert abs(float(mirrored.double().mean()) - 0.5) < 0.07
        assert torch.equal(labels, new_labels)
        flipped.append(mirrored)
    assert not torch.equal(*flipped)


@pytest.mark.parametrize("name", [*AUGMENTATIONS, "crop+trivial_augment+cutout"])
def test_an_image_is_the_same_in_any_batch_and_another_in_another_epoch(
    images: ImageData, name: str
) -> None:
    parameters: dict[str, Any] = {"color_jitter_hue": 0.1} if name == "color_jitter" else {}
    order = torch.randperm(200, generator=torch.Generator().manual_seed(1))
    whole, _ = augmented(images, torch.arange(200), augment=name, seed=4, **parameters)
    for size, some in ((33, order), (1, order[:20])):
        parts = torch.split(some, size)
        new = [augmented(images, part, augment=name, seed=4, **parameters)[0] for part in parts]
        assert torch.equal(torch.cat(new), whole[some])
    other, _ = augmented(images, torch.arange(200), 1, augment=name, seed=4, **parameters)
    assert (other != whole).flatten(1).any(dim=1).float().mean() > 0.3


def test_only_training_images_are_augmented(
    images: ImageData, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[int, set[int]] = {0: set(), 1: set()}

    def spy(x: Tensor, y: Tensor, indices: Tensor, seed: int, epoch: int) -> tuple[Tensor, Tensor]:
        seen[epoch].update(indices.tolist())
        return x, y

    monkeypatch.setitem(AUGMENTATIONS._parts, "spy", spy)
    spied = one_trial.run(images, augment="spy")
    train = set(make_split(images, HELD_OUT).train.tolist())
    assert seen == {0: train, 1: train}
    assert one_trial.numbers(spied) == one_trial.numbers(one_trial.run(images))


def test_a_resumed_trial_gives_the_numbers_of_an_uninterrupted_one(
    images: ImageData, tmp_path: Path
) -> None:
    whole = one_trial.run(images, tmp_path / "whole", epochs=4, augment="flip")
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        one_trial.run(images, tmp_path / "cut", epochs=4, augment="flip", callbacks=(CutOff(),))
    rest = one_trial.run(images, tmp_path / "cut", epochs=4, augment="flip")
    assert one_trial.numbers(rest) == one_trial.numbers(whole[1:])
    plain = one_trial.run(images, epochs=1)
    assert plain[0]["train_loss"] != whole[0]["train_loss"]


@pytest.mark.parametrize("shuffle", [True, False])
def test_a_group_gives_the_numbers_of_its_trials_alone(
    images: ImageData, tmp_path: Path, shuffle: bool
) -> None:
    settings: list[tuple[dict[str, Any], int]] = [
        ({}, 0),
        ({"augment": "flip"}, 0),
        ({"augment": "flip+crop", "crop_padding": 2}, 0),
        ({"augment": "flip+crop"}, 0),
        ({"augment": "flip"}, 1),
        ({}, 1),
    ]
    common: dict[str, Any] = {"shuffle": shuffle, "epochs": 2, "test_time_flip": True}
    trials = [
        Trial(
            id=f"t{i}",
            config=TrialConfig(**own, seed=seed, learning_rate=0.02 + i / 100, **common),
        )
        for i, (own, seed) in enumerate(settings)
    ]
    assert len({group_key(trial) for trial in trials}) == 1
    together = group_run.run(trials, images, tmp_path / "fused")
    alone = Report()
    for trial in trials:
        alone.rows |= group_run.run([trial], images, tmp_path / "alone").rows
    for key, row in alone.rows.items():
        nearly_equal(together.rows[key], row, 100)


def test_trials_share_a_lane_where_seed_and_augmentation_agree(images: ImageData) -> None:
    def lanes(shuffle: bool, *settings: tuple[str, int]) -> int:
        configs = [TrialConfig(augment=a, seed=s, shuffle=shuffle) for a, s in settings]
        trials = [Trial(id=str(i), config=config) for i, config in enumerate(configs)]
        return len(Group(trials, images, HELD_OUT).train.lanes)

    assert lanes(True, ("flip", 0), ("flip", 0)) == 1
    assert lanes(True, ("flip", 0), ("none", 0)) == 2
    assert lanes(False, ("none", 0), ("none", 1)) == 1
    assert lanes(False, ("flip", 0), ("flip", 1)) == 2
    crops = [TrialConfig(augment="crop", crop_padding=padding) for padding in (2, 4, 4)]
    orders = [Trial(id="", config=config).image_order for config in crops]
    assert orders[0] != orders[1] == orders[2]
    assert orders[1] == Trial(id="", config=TrialConfig(augment="crop")).image_order


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        (
            {"augment": "flop"},
            f"augment: must be one of {KNOWN}, or several joined by +, did you mean 'flip'?, "
            "got 'flop'",
        ),
        ({"augment": "flip+none"}, f"augment: must be one of {KNOWN}, or several joined by +"),
        ({"augment": None}, f"augment: must be one of {KNOWN}, or several joined by +, got null"),
        ({"augment": "flip+flip"}, "augment: must name each augmentation once, got 'flip+flip'"),
        (
            {"augment": "flip", "model": "ResNeXt50"},
            "augment: not valid with model ResNeXt50, whose frozen features are computed once, "
            "got flip",
        ),
        (
            {"augment": "flip", "crop_padding": 4},
            "crop_padding: only valid with augment crop, got 4 with flip",
        ),
        (
            {"crop_padding_mode": "edge", "augment": "crop"},
            "crop_padding_mode: must be one of reflect, constant, got 'edge'",
        ),
        (
            {"rand_augment_magnitude": 31, "augment": "rand_augment"},
            "rand_augment_magnitude: must be at most 30, got 31",
        ),
        (
            {"mixup_alpha": 0.2, "model": "ResNeXt50"},
            "mixup_alpha: not valid with model ResNeXt50, whose frozen features are computed once, "
            "got 0.2",
        ),
    ],
)
def test_a_value_that_cannot_be_is_refused_in_one_line(
    parameters: dict[str, Any], told: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        TrialConfig(**parameters)
    (problem,) = problems_of(caught.value)
    assert str(problem).startswith(told)


def test_an_augmentation_that_changes_a_shape_is_named(
    images: ImageData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(AUGMENTATIONS._parts, "cut", lambda x, y, *_: (x[..., 1:], y))
    with pytest.raises(TrialError, match=r"augmentation cut: must keep the shapes \(5, 3, 32, 32"):
        augmented(images, torch.arange(5), augment="cut")


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"augment": "crop", "crop_padding": 32}, "crop_padding: must be less than"),
        ({"augment": "cutout", "cutout_size": 40}, "cutout_size: must be less than"),
        ({"test_time_translate": 32}, "test_time_translate: must be less than"),
    ],
)
def test_sizes_fit_the_images(parameters: dict[str, Any], problem: str) -> None:
    config = TrialConfig(**parameters)
    found = augmentation_image_problem(config, (32, 48))
    assert found is not None
    assert found.startswith(f"{problem} the side of images of 32x48, got ")
    assert augmentation_image_problem(config, (48, 48)) is None


def test_validation_without_views_needs_views() -> None:
    rule = "test_time_in_validation: only valid with test_time_flip or test_time_translate"
    with pytest.raises(ValueError, match=rule):
        TrialConfig(test_time_in_validation=False)
    assert TrialConfig(test_time_flip=True, test_time_in_validation=False).test_time_flip


def test_views_of_features_that_are_computed_once_are_refused() -> None:
    rule = "test_time_translate: not valid with model ResNeXt50, whose frozen features"
    with pytest.raises(ValueError, match=rule):
        TrialConfig(model="ResNeXt50", test_time_translate=1)
