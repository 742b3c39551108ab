"""A frozen backbone sees each image once, and trials share its features."""

from collections.abc import Collection, Sequence
from pathlib import Path

import pytest

from tests.support.one_trial import HELD_OUT, Row, Rows, count_backbone_images, few, numbers, run
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.data.images import ImageData
from tune_mc1.training.run_trials import run_trials


def test_a_frozen_backbone_is_asked_once_for_each_image(
    images: ImageData, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = count_backbone_images(monkeypatch)
    rows = run(few(images), model="ResNeXt50", pretrained=False, epochs=3, learning_rate=0.1)
    assert len(rows) == 3
    assert sum(seen) == 60
    assert rows[-1]["train_loss"] < rows[0]["train_loss"]


def test_trials_of_a_sweep_share_the_features_of_a_frozen_backbone(
    images: ImageData, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from tune_mc1.models.backbone import FrozenBackbone

    def run_one(rate: float, shared: Path | None) -> Row:
        kept: Rows = []

        def report(rows: Sequence[Row], ends: Sequence[Row] = ()) -> Collection[str]:
            kept.extend(rows)
            return ()

        config = TrialConfig(model="ResNeXt50", pretrained=False, epochs=1, learning_rate=rate)
        run_trials(
            [Trial(id="t", config=config)],
            few(images),
            HELD_OUT,
            report=report,
            shared=shared,
        )
        return numbers(kept)[0]

    alone = run_one(0.2, None)
    run_one(0.1, tmp_path)
    monkeypatch.setattr(FrozenBackbone, "forward", None)  # whoever asks for it fails
    assert run_one(0.2, tmp_path) == alone
