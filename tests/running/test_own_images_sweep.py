"""Real sweeps on images as people have them."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.support.data_digits import digits, encode, made, write_folders
from tests.support.in_process import Ran, run_here, sweep_here
from tune_mc1.results.directory import ResultDir

ONE = ("--max-concurrent", "1", "--wandb", "disabled")
PARAMETERS: dict[str, Any] = {
    "model": {"value": "CNN_simple"},
    "epochs": {"value": 2},
    "learning_rate": {"values": [0.01, 0.1]},
}


def ran(folder: Path, data: Any, parameters: dict[str, Any] | None = None, **keys: Any) -> Ran:
    content = {"data": data, "parameters": PARAMETERS | (parameters or {}), **keys}
    done = sweep_here(folder, content, "grid", *ONE)
    assert done.status == 0, done.err
    return done


def test_trials_validate_on_the_validation_images_of_the_data_set(tmp_path: Path) -> None:
    for name, count in (("Train", 200), ("valid", 60), ("TEST", 40)):
        write_folders(tmp_path / "mine", name, count)
    done = ran(tmp_path, str(tmp_path / "mine"))
    (event,) = done.events("sweep")
    sizes = [event[f"{split}_images"] for split in ("train", "val", "test")]
    assert (event["validation"], sizes) == ("val", [200, 60, 40])
    rows = pq.read_table(done.root / "trials.parquet").to_pylist()
    assert all(round(row["best_val_acc"] * 60, 6) % 1 == 0 for row in rows)
    assert "validation: val" in (done.root / "sweep.yaml").read_text()
    again = run_here(
        *("sweep", "grid", tmp_path / "sweep.yaml", "--resume", done.root, "--epochs", "3", *ONE),
        cwd=tmp_path,
    )
    assert again.returncode == 0, again.stderr
    assert {row["epochs"] for row in ResultDir(done.root).read().trials.values()} == {3}


def test_an_own_choice_of_validation_images_stays(tmp_path: Path) -> None:
    for name, count in (("train", 200), ("val", 60), ("test", 40)):
        write_folders(tmp_path / "mine", name, count)
    done = ran(tmp_path, str(tmp_path / "mine"), validation={"folds": 2})
    assert done.events("sweep")[0]["validation"]["folds"] == 2
    assert "validation: the 60 validation images are not used" in done.err
