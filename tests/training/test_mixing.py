"""Mixup, CutMix, and views at test time."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.support import one_trial
from tests.support.group_run import CutOff
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.data.batches import ImageTensors
from tune_mc1.data.images import ImageData
from tune_mc1.models.build import build_model
from tune_mc1.planning.fusion import group_key
from tune_mc1.planning.fusion_notices import unfused_notices
from tune_mc1.training.checkpoints import read_checkpoint
from tune_mc1.training.mixing import mix_batch
from tune_mc1.training.run_trials import score_test

CLASSES = 64


def mixed(step: int, **parameters: Any) -> tuple[Tensor, Tensor, Tensor]:
    """Images whose only value is their label, mixed; the targets; and the labels of counts."""
    labels = torch.arange(CLASSES)
    images = labels.float()[:, None, None, None].expand(CLASSES, 3, 8, 10).clone()
    kept = images.clone()
    new, targets = mix_batch(TrialConfig(**parameters), images, labels, step, CLASSES)
    assert torch.equal(images, kept)
    torch.testing.assert_close(targets.sum(dim=1), torch.ones(CLASSES))
    return new, targets, labels


def test_mixup_averages_images_and_labels_alike() -> None:
    shares = []
    for step in range(300):
        new, targets, labels = mixed(step, mixup_alpha=0.4)
        expected = targets @ torch.arange(CLASSES).float()
        wanted = expected[:, None, None, None].expand_as(new)
        torch.testing.assert_close(new, wanted, rtol=0, atol=1e-4)
        assert torch.equal(labels, targets.argmax(dim=1))
        shares.append(float(targets.diagonal().min()))
    # Beta(a, a) has mean 0.5 and variance 1 / (4 (2 a + 1)).
    assert abs(np.mean(shares) - 0.5) < 0.08
    assert np.var(shares) == pytest.approx(1 / (4 * 1.8), rel=0.2)


def test_cutmix_pastes_the_share_of_the_area_that_the_label_says() -> None:
    shares = []
    for step in range(200):
        new, targets, labels = mixed(step, cutmix_alpha=1.0)
        values = new[:, 0].flatten(1)
        own = (values == torch.arange(CLASSES)[:, None]).float().mean(dim=1)
        torch.testing.assert_close(targets.diagonal(), own)
        others = values.sum(dim=1) - own * 80 * torch.arange(CLASSES)
        partner = targets - torch.diag(targets.diagonal())
        torch.testing.assert_close(partner @ torch.arange(CLASSES).float() * 80, others)
        assert torch.equal(labels, targets.argmax(dim=1)) or bool((own == 0.5).any())
        shares.append(float(own.min()))
    assert min(shares) < 0.5
    assert max(shares) > 0.9


def test_with_both_each_batch_draws_one() -> None:
    kinds = []
    for step in range(200):
        new, _, _ = mixed(step, mixup_alpha=1.0, cutmix_alpha=1.0)
        kinds.append(bool((new == new.round()).all()))  # CutMix keeps the values
    assert abs(np.mean(kinds) - 0.5) < 0.15
    again = [mixed(step, mixup_alpha=1.0, cutmix_alpha=1.0)[0] for step in (7, 8, 7)]
    assert torch.equal(again[0], again[2])
    assert not torch.equal(again[0], again[1])


@pytest.mark.parametrize("name", ["mixup_alpha", "cutmix_alpha"])
def test_a_resumed_trial_mixes_as_an_uninterrupted_one(
    images: ImageData, tmp_path: Path, name: str
) -> None:
    parameters: dict[str, Any] = {"epochs": 4, "augment": "crop+cutout", name: 0.5}
    whole = one_trial.run(images, tmp_path / "whole", **parameters)
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        one_trial.run(images, tmp_path / "cut", callbacks=(CutOff(),), **parameters)
    rest = one_trial.run(images, tmp_path / "cut", **parameters)
    assert one_trial.numbers(rest) == one_trial.numbers(whole[1:])
    plain = one_trial.run(images, epochs=1, augment="crop+cutout")
    assert plain[0]["train_loss"] != whole[0]["train_loss"]
    # The labels that are counted are those of the images' larger parts.
    assert 0.1 <= whole[-1]["train_acc"] <= 1


def test_mixing_trials_are_trained_alone_and_the_plan_says_so() -> None:
    trials = [Trial(id=str(i), config=TrialConfig(mixup_alpha=0.2, seed=i)) for i in range(3)]
    assert len({group_key(trial) for trial in trials}) == 3
    told = "fuse: 3 trials are trained alone, as mixup_alpha has no fused form"
    assert unfused_notices(trials, "auto") == [told]


def _mirrored(model: nn.Module, pixels: torch.Tensor) -> torch.Tensor:
    logits: torch.Tensor = (model(pixels) + model(pixels.flip(-1))) / 2
    return logits


def _shifted(model: nn.Module, pixels: torch.Tensor) -> torch.Tensor:
    """Written with indices: row i of the shifted image is row i + 1, or i - 1, mirrored."""
    side = pixels.shape[-1]
    up = [*range(1, side), side - 2]
    down = [1, *range(side - 1)]
    shifted = [pixels[:, :, rows][..., rows] for rows in (up, down)]
    logits: torch.Tensor = model(pixels) / 2 + sum(model(view) for view in shifted) / 4
    return logits


@pytest.mark.parametrize("in_validation", [True, False])
@pytest.mark.parametrize(
    ("views", "logits_of"),
    [({"test_time_flip": True}, _mirrored), ({"test_time_translate": 1}, _shifted)],
    ids=["flip", "translate"],
)
def test_views_at_test_time_are_averaged(
    images: ImageData,
    tmp_path: Path,
    views: dict[str, Any],
    logits_of: Callable[[nn.Module, torch.Tensor], torch.Tensor],
    in_validation: bool,
) -> None:
    views = views | {"test_time_in_validation": in_validation}
    rows = one_trial.run(images, tmp_path, **views)
    trial = Trial(id="t0001", config=TrialConfig(epochs=2, learning_rate=0.03, **views))
    scores, arrays = score_test(trial, images, tmp_path / "best.ckpt")
    model = build_model(trial.config, images.image_shape, 10)
    state = read_checkpoint(tmp_path / "best.ckpt")["state_dict"]
    model.load_state_dict({name.removeprefix("model."): x for name, x in state.items()})
    model.eval()
    pixels = ImageTensors(images.test_images, images.test_labels).gather(
        torch.arange(len(images.test_labels))
    )
    with torch.no_grad():
        logits = logits_of(model, pixels)
    predicted = logits.argmax(dim=1).numpy()
    assert scores["test_acc"] == pytest.approx(np.mean(predicted == images.test_labels))
    confidence = logits.softmax(dim=1).amax(dim=1).numpy()
    assert np.allclose(arrays["confidence"], confidence, rtol=0, atol=1e-6)
    assert np.mean(predicted == arrays["predicted"]) > 0.99  # a tie within rounding
    plain = one_trial.run(images)
    assert [r["train_loss"] for r in plain] == [r["train_loss"] for r in rows]
    same = [r["val_loss"] for r in plain] == [r["val_loss"] for r in rows]
    assert same is not in_validation
