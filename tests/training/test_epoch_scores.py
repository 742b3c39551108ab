"""Chosen metrics: as scikit-learn has them, exact over an epoch, alone and in a group."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import (
    balanced_accuracy_score,
    log_loss,
    roc_auc_score,
    top_k_accuracy_score,
)

from tests.support import one_trial
from tests.support.group_run import Report
from tune_mc1.config.chosen_metrics import SCORES, chosen_columns
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.validation import Folds, Holdout
from tune_mc1.data.images import ImageData
from tune_mc1.training.epoch_scores import EpochScores
from tune_mc1.training.run_trials import run_trials, score_test

ALL = tuple(c for c in chosen_columns() if c != "latency_ms")
SOME = tuple(f"val_{name}" for name in SCORES)


def scores(logits: torch.Tensor, labels: torch.Tensor, *sizes: int) -> dict[str, float]:
    kept = EpochScores(SOME)
    for x, y in zip(
        torch.split(logits, list(sizes)), torch.split(labels, list(sizes)), strict=True
    ):
        kept.add(x, y)
    (found,) = kept.compute("val")
    return found


def drawn(classes: int, n: int = 300, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits with many ties, and labels of classes that differ much in size."""
    generator = torch.Generator().manual_seed(seed)
    labels = (torch.rand(n, generator=generator) ** 2 * classes).long()
    logits = torch.randn((n, classes), generator=generator).mul(2).round()
    logits[torch.arange(n), labels] += 1
    return logits, labels


def by_hand_ece(probabilities: Any, labels: Any) -> float:
    """Bin by bin, from the definition."""
    confidence, predicted = probabilities.max(axis=1), probabilities.argmax(axis=1)
    total = 0.0
    for low in range(15):
        inside = (confidence > low / 15) & (confidence <= (low + 1) / 15)
        if inside.any():
            right = (predicted == labels)[inside].mean()
            total += inside.mean() * abs(right - confidence[inside].mean())
    return float(total)


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_scores_are_those_of_scikit_learn(classes: int) -> None:
    logits, labels = drawn(classes)
    probabilities, y = logits.double().softmax(dim=1).numpy(), labels.numpy()
    found = scores(logits, labels, 7, 193, 100)
    ranked = probabilities[:, 1] if classes == 2 else probabilities
    expected = {
        "val_auroc": roc_auc_score(y, ranked, multi_class="ovr", average="macro"),
        "val_balanced_acc": balanced_accuracy_score(y, probabilities.argmax(axis=1)),
        "val_nll": log_loss(y, probabilities),
        "val_ece": by_hand_ece(probabilities, y),
    }
    # scikit-learn breaks ties of logits by their order, so its oracle gets none.
    untied, own = logits + torch.linspace(0, 0.1, classes), dict(found)
    own["val_acc_top5"] = scores(untied, labels, 300)["val_acc_top5"]
    k, all_classes = min(5, classes), list(range(classes))
    if classes > 5:
        expected["val_acc_top5"] = top_k_accuracy_score(y, untied.numpy(), k=k, labels=all_classes)
    else:
        assert own.pop("val_acc_top5") == 1
    assert own == pytest.approx(expected, abs=1e-12)


def test_classes_without_images_are_left_out_and_one_class_alone_has_no_auroc() -> None:
    logits, labels = drawn(4)
    there = labels != 2
    found = scores(logits[there], labels[there], int(there.sum()))
    y, probabilities = labels[there].numpy(), logits[there].double().softmax(dim=1).numpy()
    each = [roc_auc_score(y == c, probabilities[:, c]) for c in (0, 1, 3)]
    assert found["val_auroc"] == pytest.approx(np.mean(each))
    recalls = [(probabilities.argmax(axis=1) == y)[y == c].mean() for c in (0, 1, 3)]
    assert found["val_balanced_acc"] == pytest.approx(np.mean(recalls))
    assert np.isnan(scores(logits, torch.zeros_like(labels), len(labels))["val_auroc"])


@pytest.mark.parametrize("fold", [None, 1])
def test_a_group_and_its_trials_alone_have_the_same_scores(
    images: ImageData, tmp_path: Path, fold: int | None
) -> None:
    trials = [
        Trial(id=f"t{i}", config=TrialConfig(epochs=2, learning_rate=0.02 + i / 50, seed=i), fold=f)
        for i, f in enumerate([fold, fold])
    ]
    validation = Folds(folds=3) if fold is not None else Holdout(holdout=0.2)
    reports = []
    for parts in ([trials], [[t] for t in trials]):
        report = Report()
        for part in parts:
            run_trials(part, images, validation, chosen=ALL, report=report)
        reports.append(report)
    together, alone = reports
    for key, row in alone.rows.items():
        assert set(ALL) <= row.keys()
        for name in ALL:
            assert together.rows[key][name] == pytest.approx(row[name], abs=0.01)
        # Accuracy of each class, and thus its mean, is that of the counts.
        assert row["val_nll"] == pytest.approx(row["val_loss"], rel=1e-6)
    (count,) = {row["param_count"] for row in together.rows.values()}
    assert count == alone.rows["t0", 1]["param_count"] == 62_006


def test_a_score_chooses_the_best_epoch_and_the_test_has_it_too(
    images: ImageData, tmp_path: Path
) -> None:
    trial = Trial(id="t0", config=TrialConfig(epochs=3, learning_rate=0.05))
    report = Report()
    run_trials(
        [trial],
        images,
        Holdout(holdout=0.2),
        metric="val_ece",
        maximize=False,
        chosen=("val_ece", "val_auroc"),
        checkpoints=lambda _: tmp_path,
        report=report,
    )
    best = min(report.rows.values(), key=lambda row: row["val_ece"])
    state = torch.load(tmp_path / "best.ckpt", weights_only=True)
    assert state["epoch"] + 1 == best["epoch"]
    found, arrays = score_test(
        trial, images, tmp_path / "best.ckpt", chosen=("val_ece", "val_auroc", "param_count")
    )
    assert {"test_ece", "test_auroc"} <= found.keys()
    assert "test_param_count" not in found
    confidence, right = arrays["confidence"], arrays["predicted"] == arrays["label"]
    bins = np.ceil(confidence * 15)
    gaps = [abs((right[bins == b] - confidence[bins == b]).sum()) for b in set(bins)]
    assert found["test_ece"] == pytest.approx(sum(gaps) / len(right), abs=1e-6)


def test_latency_is_measured_and_changes_no_other_number(images: ImageData) -> None:
    report = Report()
    config = TrialConfig(epochs=2, learning_rate=0.03)
    trial = Trial(id="t0001", config=config)
    run_trials([trial], images, one_trial.HELD_OUT, chosen=("latency_ms",), report=report)
    rows = list(report.rows.values())
    assert all(0.01 < row.pop("latency_ms") < 1000 for row in rows)
    assert one_trial.numbers(rows) == one_trial.numbers(one_trial.run(images))
