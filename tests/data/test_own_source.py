"""A data source of another package: one file, used by its name in a real sweep."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml

from tests.support.examples import example
from tests.support.faults import driving, result_dir
from tests.support.plugins import write_plugin
from tune_mc1.data.images import ImageData
from tune_mc1.results.directory import ResultDir

PLUGIN = example("digits.py")
ONE = ("--max-concurrent", "1", "--wandb", "disabled")


def test_a_sweep_on_digits(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    write_plugin(tmp_path / "site", PLUGIN)
    file = tmp_path / "sweep.yaml"
    parameters = {
        "model": {"value": "CNN_simple"},
        "learning_rate": {"values": [0.01, 0.1]},
        "epochs": {"value": 2},
    }
    file.write_text(yaml.safe_dump({"parameters": parameters, "data": "digits"}))
    path = f"{tmp_path / 'site'}:{Path(__file__).parents[2]}"
    command = ("sweep", "grid", file, "-o", tmp_path / "out", *ONE)
    with driving(*command, cwd=tmp_path, PYTHONPATH=path) as driver:
        assert driver.wait() == 0, driver.err
    where = ResultDir(result_dir(tmp_path / "out"))
    rows = pq.read_table(where.trials).to_pylist()
    assert [row["data"] for row in rows] == ["digits", "digits"]
    assert max(row["best_val_acc"] for row in rows) > 0.5
    assert where.read().metadata["image_shape"] == [1, 8, 8]


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("digits", ""),
        ("digitz", "must be cifar10, shapes10, digits, auto, a folder or a parquet file, got "),
    ],
)
def test_its_name_is_one_of_the_names(tmp_path: Path, word: str, told: str) -> None:
    write_plugin(tmp_path, PLUGIN)
    code = f"from tune_mc1.data.source import check_data_spec; print(check_data_spec({word!r}))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[2]}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == (f"{told}'{word}', did you mean 'digits'?\n" if told else "None\n")


def test_images_of_the_wrong_form_are_named() -> None:
    good = np.zeros((4, 8, 8, 1), np.uint8), np.array([0, 1, 0, 1])
    floats = good[0].astype(np.float32), good[1]
    flat = good[0], good[1].astype(np.int32)
    assert ImageData.build("mine", good, good, "ab").problem() is None
    cases: tuple[tuple[Any, str], ...] = (
        (floats, r"train_images must be uint8 (N, height, width, channels), got float32 "),
        (flat, r"train_labels must be int64 (4,), got int32 (4,)"),
        ((good[0], good[1] * 2), r"train_labels must be in 0 to 1, got 2"),
    )
    for train, told in cases:
        assert str(ImageData.build("mine", train, good, "ab").problem()).startswith(told)
