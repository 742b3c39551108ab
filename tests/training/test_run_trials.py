"""One trial: the same numbers again, exact metrics, checkpoints, divergence."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning.pytorch.callbacks import Callback
from sklearn.metrics import accuracy_score, f1_score, log_loss

from tests.support.one_trial import HELD_OUT, few, numbers, run
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.validation import Folds
from tune_mc1.data.batches import ImageTensors
from tune_mc1.data.images import ImageData
from tune_mc1.data.splits import make_split
from tune_mc1.models.whitening import WHITENED, whiten
from tune_mc1.training.run_trials import score_test


@pytest.mark.usefixtures("narrow_cnn8")
@pytest.mark.parametrize(
    "parameters",
    [
        {"model": "CNN"},
        {"model": "CNN", "optimizer": "Adam", "learning_rate": 1e-3, "batch_norm": True},
        {
            "model": "CNN8",
            "optimizer": "AdamW",
            "learning_rate": 1e-3,
            "dropout_p": 0.5,
            "epochs": 1,
        },
    ],
)
def test_the_same_trial_gives_the_same_numbers(
    images: ImageData, tmp_path: Path, parameters: dict[str, Any]
) -> None:
    first = run(images, tmp_path / "a", **parameters)
    torch.manual_seed(99)  # nothing outside the trial may matter
    np.random.seed(99)
    again = run(images, tmp_path / "b", **parameters)
    assert numbers(first) == numbers(again)
    states = [torch.load(tmp_path / d / "last.ckpt", weights_only=True)["state_dict"] for d in "ab"]
    assert all(torch.equal(states[0][k], states[1][k]) for k in states[0])
    assert numbers(run(images, seed=1, **parameters)) != numbers(first)


class _CutOff(Callback):
    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        if trainer.current_epoch == 2:
            raise KeyboardInterrupt


def test_a_resumed_trial_gives_the_numbers_of_an_uninterrupted_one(
    images: ImageData, tmp_path: Path
) -> None:
    parameters: dict[str, Any] = {
        "model": "CNN",
        "optimizer": "Adam",
        "learning_rate": 1e-3,
        "epochs": 4,
        "batch_norm": True,
    }
    whole = run(images, tmp_path / "whole", **parameters)
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        run(images, tmp_path / "cut", callbacks=(_CutOff(),), **parameters)
    rest = run(images, tmp_path / "cut", **parameters)
    assert [row["epoch"] for row in rest] == [2, 3, 4], "the last row is said again, none is lost"
    assert numbers(rest) == numbers(whole[1:])
    files = [tmp_path / d / "last.ckpt" for d in ("whole", "cut")]
    states = [torch.load(f, weights_only=True)["state_dict"] for f in files]
    assert all(torch.equal(states[0][k], states[1][k]) for k in states[0])


class _Collect(Callback):
    """Keeps the logits of the validation images by a hook on the model."""

    def __init__(self) -> None:
        self.logits: list[torch.Tensor] = []

    def on_validation_start(self, trainer: Any, pl_module: Any) -> None:
        self.logits.clear()
        self.handle = pl_module.model.register_forward_hook(
            lambda module, inputs, output: self.logits.append(output.detach().clone())
        )

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        self.handle.remove()


def test_metrics_are_those_of_scikit_learn(images: ImageData) -> None:
    collect = _Collect()
    row = run(images, validation="test", epochs=1, callbacks=(collect,))[-1]
    logits = torch.cat(collect.logits).double()
    predicted, labels = logits.argmax(1).numpy(), images.test_labels
    assert row["val_acc"] == pytest.approx(accuracy_score(labels, predicted), abs=1e-12)
    expected = f1_score(labels, predicted, average="macro")
    assert row["val_f1"] == pytest.approx(expected, abs=1e-12)
    loss = log_loss(labels, logits.softmax(1).numpy(), labels=range(10))
    assert row["val_loss"] == pytest.approx(loss, abs=1e-6)


def test_training_metrics_are_over_every_image_once(images: ImageData) -> None:
    # With a tiny learning rate nothing moves, so training and validation metrics of the same
    # images must agree.
    row = run(images, validation="test", epochs=1, learning_rate=1e-12, batch_size=7)[-1]
    same = replace(images, test_images=images.train_images, test_labels=images.train_labels)
    val = run(same, validation="test", epochs=1, learning_rate=1e-12)[-1]
    assert row["train_acc"] == val["val_acc"]
    assert row["train_f1"] == pytest.approx(val["val_f1"], abs=1e-12)
    assert row["train_loss"] == pytest.approx(val["val_loss"], abs=1e-5)


def test_a_last_batch_of_one_image_is_left_out(images: ImageData) -> None:
    count = run(images, epochs=1, batch_size=1)[0]["steps"]
    rows = run(images, epochs=1, batch_size=count - 1, batch_norm=True)
    assert rows[0]["steps"] == 1


def test_steps_and_best_checkpoint(images: ImageData, tmp_path: Path) -> None:
    rows = run(images, tmp_path, batch_size=33, epochs=3)
    assert [row["steps"] for row in rows] == [7, 14, 21]  # 200 or 201 images
    best = max(rows, key=lambda row: row["val_acc"])
    saved = torch.load(tmp_path / "best.ckpt", weights_only=True)
    assert saved["global_step"] == best["steps"]
    assert torch.load(tmp_path / "last.ckpt", weights_only=True)["global_step"] == 21
    names = sorted(p.name for p in tmp_path.iterdir())
    assert names == ["best.ckpt", "last.ckpt", "previous.ckpt"]  # the sweep removes the last


def test_the_test_images_are_scored_from_a_checkpoint(images: ImageData, tmp_path: Path) -> None:
    rows = run(images, tmp_path, validation="test", epochs=1)
    trial = Trial(id="t0001", config=TrialConfig(epochs=1, learning_rate=0.03))
    score, predictions = score_test(trial, images, tmp_path / "best.ckpt")
    assert score["test_acc"] == pytest.approx(rows[-1]["val_acc"], abs=1e-6)
    assert score["test_f1"] == pytest.approx(rows[-1]["val_f1"], abs=1e-6)
    assert score["test_loss"] == pytest.approx(rows[-1]["val_loss"], abs=1e-5)
    right = predictions["label"] == predictions["predicted"]
    assert right.mean() == pytest.approx(score["test_acc"])
    assert len(right) == len(images.test_labels)
    assert ((predictions["confidence"] > 0.1) & (predictions["confidence"] <= 1)).all()


def test_a_loss_that_is_not_finite_ends_the_trial(images: ImageData) -> None:
    (end,) = run(images, learning_rate=1000.0, momentum=0.9)
    assert (end["trial"], end["state"], end["epoch"]) == ("t0001", "diverged", 1)
    assert "in epoch 1, near step" in end["error"]


def test_bf16_learns_as_well_as_32_bits(images: ImageData, tmp_path: Path) -> None:
    last = {
        precision: run(images, tmp_path / precision, epochs=8, precision=precision)[-1]
        for precision in ("32", "bf16-mixed")
    }
    assert last["32"]["train_loss"] != last["bf16-mixed"]["train_loss"], "it is another arithmetic"
    assert last["32"]["train_loss"] == pytest.approx(last["bf16-mixed"]["train_loss"], rel=0.05)
    weights = torch.load(tmp_path / "bf16-mixed" / "last.ckpt", weights_only=True)["state_dict"]
    assert all(value.dtype == torch.float32 for value in weights.values())


def test_a_single_batch_is_learnt_by_heart(images: ImageData) -> None:
    config: dict[str, Any] = {
        "model": "CNN_singlebatch",
        "batch_size": 16,
        "weights_init_type": "kaiming_normal",
    }
    rows = run(images, epochs=60, learning_rate=0.05, **config)
    assert rows[-1]["train_acc"] == 1.0
    assert rows[-1]["steps"] == 60
    assert rows[-1]["val_acc"] < 0.6


def test_folds_hold_out_different_images(images: ImageData) -> None:
    first = run(images, validation=Folds(folds=5), fold=0, epochs=1)
    second = run(images, validation=Folds(folds=5), fold=1, epochs=1)
    assert first[0]["steps"] == second[0]["steps"] in (7, 8)
    assert first[0]["val_loss"] != second[0]["val_loss"]


def test_the_first_layer_whitens_the_training_images(images: ImageData, tmp_path: Path) -> None:
    data = few(images)
    run(data, tmp_path, model="Airbench", epochs=1, batch_size=64)
    state = torch.load(tmp_path / "last.ckpt", weights_only=True)["state_dict"]
    weight = next(value for name, value in state.items() if name.endswith("conv1.weight"))
    used = make_split(data, HELD_OUT, None).train[:WHITENED]
    layer = torch.nn.Conv2d(3, 24, 2)
    whiten(layer, ImageTensors(data.train_images, data.train_labels).gather(torch.tensor(used)))
    torch.testing.assert_close(weight, layer.weight.detach(), rtol=0, atol=0)
