"""A sweep that chooses its metric and augments: its columns, its winner, `show` and the report."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score, recall_score

from tests.support.in_process import Ran, run_here, sweep_here
from tune_mc1.data.images import ImageData
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.recall import class_recalls


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, image_dir: Path) -> Ran:
    """Two groups of two folds each, chosen by balanced accuracy."""
    content: dict[str, Any] = {
        "method": "grid",
        "metric": {"name": "val_balanced_accuracy"},
        "metrics": ["val_ece", "param_count", "val_loss"],
        "parameters": {
            "model": {"value": "CNN"},
            "learning_rate": {"values": [0.01, 0.1]},
            "epochs": {"value": 2},
            "augment": {"value": "RandomCrop+flip"},
            "crop_padding": {"values": [1, 3]},
            "test_time_flip": {"value": True},
        },
        "validation": {"folds": 2},
        "data": str(image_dir),
        "fuse": 4,
    }
    done = sweep_here(tmp_path_factory.mktemp("chosen"), content, "grid", "--wandb", "disabled")
    assert done.status == 0, done.err
    return done


def test_columns_are_those_that_the_sweep_chooses(ran: Ran) -> None:
    trials = pd.read_parquet(ran.root / "trials.parquet")
    history = pd.read_parquet(ran.root / "history.parquet")
    chosen = ["val_balanced_acc", "val_ece", "param_count"]
    assert set(chosen) <= set(history)
    assert [
        c for c in map(str, history) if c.endswith(("auroc", "nll", "top5", "latency_ms"))
    ] == []
    assert history[chosen].notna().all(axis=None)
    assert (trials["fused"] == 4).all()
    assert (trials["best_param_count"] == 62_006).all()
    best = history.groupby("trial")["val_balanced_acc"].max()
    assert dict(best) == dict(zip(trials["trial"], trials["best_val_balanced_acc"], strict=True))
    lowest = history.groupby("trial")["val_ece"].min()
    assert dict(lowest) == dict(zip(trials["trial"], trials["best_val_ece"], strict=True))
    assert set(trials["augment"]) == {"crop+flip"}
    assert set(trials["crop_padding"]) == {1, 3}


def test_the_winner_has_its_scores_on_the_test_images(ran: Ran) -> None:
    trials = pd.read_parquet(ran.root / "trials.parquet").set_index("trial")
    means = trials.groupby("config_hash")["best_val_balanced_acc"].mean()
    winners = trials[trials["config_hash"] == means.idxmax()]
    assert len(winners) == 2
    assert trials["test_balanced_acc"].notna().sum() == 2
    predictions = pd.read_parquet(ran.root / "predictions.parquet")
    for name, rows in predictions.groupby("trial"):
        scores = winners.loc[str(name)]
        expected = balanced_accuracy_score(rows["label"], rows["predicted"])
        assert scores["test_balanced_acc"] == pytest.approx(expected, abs=1e-9)
        right = rows["label"] == rows["predicted"]
        bins = np.ceil(rows["confidence"] * 15)
        gaps = (right - rows["confidence"]).groupby(bins).sum().abs().sum() / len(rows)
        assert scores["test_ece"] == pytest.approx(gaps, abs=1e-5)
    assert "test_balanced_acc" in ran.out


@pytest.mark.usefixtures("quick_figures")
def test_recall_by_class_is_shown_and_reported(ran: Ran, images: ImageData, tmp_path: Path) -> None:
    predictions = pd.read_parquet(ran.root / "predictions.parquet")
    trials = list(predictions["trial"].unique())
    found = class_recalls(ResultDir(ran.root), images.classes, trials)
    expected = recall_score(predictions["label"], predictions["predicted"], average=None)
    assert [own.recall for own in found] == pytest.approx(sorted(expected))
    assert {own.name: own.recall for own in found} == pytest.approx(
        dict(zip(images.classes, expected, strict=True))
    )
    f1 = f1_score(predictions["label"], predictions["predicted"], average=None)
    assert [own.f1 for own in found] == pytest.approx(
        [dict(zip(images.classes, f1, strict=True))[own.name] for own in found]
    )
    assert sum(own.images for own in found) == len(images.test_labels)
    assert class_recalls(ResultDir(ran.root), images.classes, ["another"]) == []
    shown = run_here("show", ran.root, cwd=tmp_path)
    lowest = f"Recall by class on the test images, lowest first: {found[0].name} "
    assert lowest in shown.stdout
    assert "Recall by class" not in ran.out  # a sweep says at its end what it always said
    titles = {"en": "The winner by class", "de": "Der Sieger nach Klasse"}
    for lang, title in titles.items():
        done = run_here("report", ran.root, "-o", tmp_path / lang, "--lang", lang, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        page = (tmp_path / lang / "report.html").read_text()
        assert title in page
        assert {"en": "balanced accuracy", "de": "alancierte Genauigkeit"}[lang] in page


def test_latency_is_that_of_trials_alone_as_the_plan_says(tmp_path: Path, image_dir: Path) -> None:
    content = {
        "method": "grid",
        "metric": {"name": "latency_ms"},
        "parameters": {
            "learning_rate": {"values": [0.01, 0.1]},
            "model": {"value": "CNN"},
            "epochs": {"value": 1},
        },
        "data": str(image_dir),
        "fuse": 2,
    }
    ran = sweep_here(tmp_path, content, "grid", "--wandb", "disabled")
    assert ran.status == 0, ran.err
    assert "fuse: all trials are trained alone, as latency_ms is measured on one network" in ran.err
    trials = pd.read_parquet(ran.root / "trials.parquet")
    assert (trials["fused"] == 1).all()
    assert trials["best_latency_ms"].between(0.01, 1000).all()
    assert "val_auroc" not in trials
