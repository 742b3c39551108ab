"""Size and normalisation of the images that a network gets."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torchvision.transforms import v2

from tests.support.data_digits import digits
from tune_mc1.config.parameters import Categorical, Constant
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.data.batches import ImageTensors
from tune_mc1.data.drawn_shapes import generate_shapes10
from tune_mc1.data.images import ImageData, Pixels
from tune_mc1.data.on_device import fit_batch
from tune_mc1.data.splits import limit_images
from tune_mc1.data.wanted import (
    channel_statistics,
    decoded_size,
    input_problems,
    with_statistics,
)
from tune_mc1.planning.fusion import plan_groups
from tune_mc1.results.schema import Row
from tune_mc1.training.normalize import make_normalize
from tune_mc1.training.run_trials import run_trials


@pytest.fixture(scope="module")
def shapes() -> ImageData:
    return limit_images(generate_shapes10(), 0.03)


def sweep(**parameters: object) -> Sweep:
    return Sweep(
        parameters={
            name: Categorical(values=tuple(v)) if isinstance(v, list) else Constant(value=v)
            for name, v in parameters.items()
        }
    )


@pytest.mark.parametrize("shape", [(9, 30, 41, 3), (9, 41, 30, 1), (9, 24, 24, 3)])
@pytest.mark.parametrize("size", [8, 24, 33])
def test_batches_are_resized_as_torchvision_does(shape: tuple[int, ...], size: int) -> None:
    images: Pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    tensors = ImageTensors(images, np.zeros(len(images), np.int64), size=size)
    got = tensors.gather(torch.arange(len(images)))
    scaled = torch.from_numpy(images).movedim(-1, 1) / 255
    transform = v2.Compose([v2.Resize(size, antialias=True), v2.CenterCrop(size)])
    torch.testing.assert_close(got, transform(scaled) * 2 - 1, atol=2e-6, rtol=0)
    lanes = tensors.gather(torch.arange(8).view(4, 2))
    assert torch.equal(lanes[:, : shape[3]], tensors.gather(torch.arange(0, 8, 2)))


def test_images_of_the_size_are_left_as_they_are() -> None:
    images = torch.rand(2, 3, 8, 8)
    assert torch.equal(fit_batch(images, 8), images)


def test_statistics_are_those_of_numpy(shapes: ImageData) -> None:
    means, stds = channel_statistics(shapes.train_images)
    scaled = shapes.train_images / 255
    np.testing.assert_allclose(means, scaled.mean((0, 1, 2)), rtol=1e-12)
    np.testing.assert_allclose(stds, scaled.std((0, 1, 2)), rtol=1e-12)


def test_dataset_gives_mean_0_and_standard_deviation_1(shapes: ImageData) -> None:
    data = with_statistics(shapes, sweep(normalize="dataset"))
    config, cpu = TrialConfig(normalize="dataset"), torch.device("cpu")
    normalize = make_normalize(config, data, cpu)
    assert normalize is not None
    images = ImageTensors(data.train_images, data.train_labels).gather(
        torch.arange(len(data.train_labels))
    )
    got = normalize(images.clone())
    torch.testing.assert_close(got.mean((0, 2, 3)), torch.zeros(3), atol=1e-4, rtol=0)
    torch.testing.assert_close(got.std((0, 2, 3)), torch.ones(3), atol=1e-4, rtol=0)
    twice = normalize(torch.cat([images, images], dim=1))
    assert torch.equal(twice, torch.cat([got, got], dim=1))
    assert make_normalize(TrialConfig(), data, cpu) is None
    imagenet = make_normalize(TrialConfig(normalize="imagenet"), data, cpu)
    assert imagenet is not None
    expected = v2.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])(images / 2 + 0.5)
    torch.testing.assert_close(imagenet(images.clone()), expected, atol=3e-6, rtol=0)


def trained(data: ImageData, *configs: TrialConfig) -> list[Row]:
    rows: list[Row] = []

    def report(new: list[Row], ends: object = ()) -> tuple[()]:
        rows.extend(new)
        return ()

    trials = [Trial(id=f"t{i}", config=config) for i, config in enumerate(configs)]
    validation = sweep().validation
    run_trials(trials, data, validation, report=report, gpu=False)  # type: ignore[arg-type]
    return rows


NUMBERS = ("train_loss", "train_acc", "val_loss", "val_acc", "val_f1")


def base(**values: object) -> TrialConfig:
    return TrialConfig(model="CNN_simple", epochs=2, augment="flip", **values)  # type: ignore[arg-type]


def test_fused_trials_get_the_same_inputs_as_alone(shapes: ImageData) -> None:
    wanted = sweep(normalize="dataset", image_size=24)
    data = with_statistics(shapes, wanted)
    configs = [
        base(normalize="dataset", image_size=24, seed=seed, learning_rate=0.05) for seed in (0, 1)
    ]
    together = trained(data, *configs)
    alone = [row for config in configs for row in trained(data, config)]
    for config, i in zip(configs, range(2), strict=True):
        mine = [row for row in together if row["trial"] == f"t{i}"]
        for row, expected in zip(mine, alone[2 * i : 2 * i + 2], strict=True):
            for name in NUMBERS:
                assert row[name] == pytest.approx(expected[name], abs=2e-4), (config.seed, name)


def test_defaults_change_no_bit(shapes: ImageData) -> None:
    plain, spelt = (
        trained(shapes, config) for config in (base(), base(normalize="0.5", image_size=32))
    )
    assert [[row[n] for n in NUMBERS] for row in plain] == [[r[n] for n in NUMBERS] for r in spelt]
    assert base(normalize=0.5, image_size=None).config_hash == base().config_hash


def test_trials_that_differ_are_not_trained_as_one() -> None:
    trials = [
        Trial(id=f"t{i}", config=base(normalize=normalize, image_size=size))
        for i, (normalize, size) in enumerate([("0.5", 24), ("dataset", 24), ("0.5", 28)] * 2)
    ]
    groups = plan_groups(trials, 8, 1, lambda config: 1.0)
    assert [[t.id for t in g] for g in groups] == [["t0", "t3"], ["t1", "t4"], ["t2", "t5"]]


@pytest.mark.parametrize(
    ("values", "size"),
    [
        ({}, None),
        ({"image_size": 24}, 24),
        ({"image_size": [16, 48, 24]}, 48),
        ({"image_size": [16, None]}, None),
    ],
)
def test_images_are_decoded_at_the_largest_size(values: dict[str, object], size: int) -> None:
    assert decoded_size(sweep(**values)) == size


@pytest.mark.parametrize("value", ["half", 1, True, [0.5]])
def test_a_wrong_normalisation_is_refused(value: object) -> None:
    with pytest.raises(ValidationError, match=r"must be dataset, imagenet or 0\.5"):
        TrialConfig(normalize=value)  # type: ignore[arg-type]


def test_images_that_cannot_be_normalised_have_one_line(shapes: ImageData) -> None:
    images, labels = digits()
    grey = ImageData.build("grey", (images[..., None], labels), (images[..., None], labels), "ab")
    (line,) = input_problems(sweep(normalize="imagenet"), grey)
    assert line == "parameters.normalize: imagenet is for images with 3 channels, got 1 in grey"
    flat = replace(shapes, train_images=np.zeros_like(shapes.train_images))
    wanted = sweep(normalize=["dataset", "0.5"])
    (line,) = input_problems(wanted, with_statistics(flat, wanted))
    assert line.startswith("parameters.normalize: dataset needs channels that vary, got channel 0")


def test_a_sweep_file_keeps_the_words(tmp_path: Path) -> None:
    from tune_mc1.config.load import config_to_yaml, load_sweep

    file = tmp_path / "sweep.yaml"
    file.write_text(
        "parameters:\n  normalize: {values: [0.5, imagenet]}\n  image_size: {value: 24}\n"
        "data: {path: mine, splits: false}\n"
    )
    sweep = load_sweep(file).sweep
    assert sweep.parameters["normalize"] == Categorical(values=("0.5", "imagenet"))
    file.write_text(config_to_yaml(sweep))
    assert load_sweep(file).sweep == sweep
