"""Standard error of the winner's test score, against scikit-learn with each image left out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

from tune_mc1.results.directory import ResultDir
from tune_mc1.results.image_error import image_error


def macro_f1(label: Any, predicted: Any) -> float:
    return float(f1_score(label, predicted, average="macro"))


@pytest.mark.parametrize(
    ("metric", "score"),
    [
        ("val_acc", accuracy_score),
        ("val_f1", macro_f1),
        ("val_balanced_acc", balanced_accuracy_score),
    ],
)
@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
def test_jackknife(tmp_path: Path, metric: str, score: Callable[..., float]) -> None:
    """Of two trials; one class has a single image, and one is only ever predicted."""
    rng = np.random.default_rng(0)
    label = np.array([*rng.integers(0, 3, 39), 3])
    trials = [np.where(rng.random(40) < 0.5, label, rng.integers(0, 5, 40)) for _ in range(2)]
    columns = {
        "trial": np.repeat(["t1", "t2"], 40),
        "label": np.tile(label, 2),
        "predicted": np.concatenate(trials),
    }
    where = ResultDir(tmp_path)
    pq.write_table(pa.table(columns), where.predictions)
    found = image_error(where, metric, ["t1", "t2"])
    assert found is not None
    keep = [np.arange(40) != i for i in range(40)]
    each = np.mean([[score(label[k], p[k]) for k in keep] for p in trials], axis=0)
    assert found.error == pytest.approx((39 / 40 * ((each - each.mean()) ** 2).sum()) ** 0.5)
    assert found.method == "jackknife"
    assert (found.column, found.images) == (metric.replace("val", "test"), 40)
    assert image_error(where, "val_auroc", ["t1", "t2"]) is None
    assert image_error(where, metric, ["t1"]) is None


def test_the_accuracy_of_one_trial_is_a_share(tmp_path: Path) -> None:
    columns = {"trial": ["t1"] * 5, "label": [0, 0, 1, 1, 1], "predicted": [0, 1, 1, 1, 1]}
    where = ResultDir(tmp_path)
    pq.write_table(pa.table(columns), where.predictions)
    found = image_error(where, "val_acc", ["t1"])
    assert found is not None
    assert found.method == "binomial"
    assert found.error == pytest.approx((0.8 * 0.2 / 5) ** 0.5)
