"""`--dry-run` counts the user's images and finds what is wrong with them, without decoding."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.data_digits import write_folders
from tests.support.data_forms import ENCODED, STRUCTS, TEXT, write_csv, write_table
from tests.support.in_process import run_here

SWEEP = """
method: grid
parameters: {model: {value: CNN_simple}, learning_rate: {values: [0.01, 0.1]}, epochs: {value: 200}}
"""


def dry_run(folder: Path, data: Path, *words: str) -> tuple[str, str]:
    (folder / "sweep.yaml").write_text(SWEEP)
    done = run_here("sweep", "grid", "sweep.yaml", "--dry-run", "-d", data, *words, cwd=folder)
    return done.stdout, done.stderr


@pytest.mark.parametrize("form", ["folders", "csv", "parquet"])
def test_images_are_counted(tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = {
        "folders": lambda: write_folders(tmp_path / "images"),
        "csv": lambda: write_csv(tmp_path / "images"),
        "parquet": lambda: write_table(tmp_path / "a.parquet", image=STRUCTS, label=TEXT),
    }[form]()
    monkeypatch.setattr("tune_mc1.data.decoding.decode_all", None)  # whoever decodes fails
    out, err = dry_run(tmp_path, data)
    assert "Images: 40 training images of 8x8 in 10 classes" in out, out + err


def test_a_forecast_follows_the_images(tmp_path: Path) -> None:
    few = write_folders(tmp_path / "few", count=200)
    many = write_folders(tmp_path / "many", count=1500)
    seconds: list[Any] = []
    for folder in (few, many):
        out, _ = dry_run(tmp_path, folder, "--json")
        seconds.append(json.loads(out)["forecast_seconds"])
    assert 0 < seconds[0] < seconds[1]


def test_validation_images_are_known(tmp_path: Path) -> None:
    for split in ("train", "val", "test"):
        write_folders(tmp_path / "images", split)
    out, _ = dry_run(tmp_path, tmp_path / "images")
    assert "Images: 60 training images of 8x8" in out
    out, _ = dry_run(tmp_path, tmp_path / "images", "--json")
    assert json.loads(out)["sweep"]["validation"] == "val"


def test_what_is_wrong_with_images_is_said(tmp_path: Path) -> None:
    root = write_folders(tmp_path / "images")
    for file in (root / "digit3").iterdir():
        file.write_bytes(ENCODED[0])
    first = next(iter(sorted((root / "digit0").iterdir())))
    first.write_bytes(b"no image")
    assert dry_run(tmp_path, root)[1].startswith(f"{first}: ")
    (tmp_path / "empty" / "train").mkdir(parents=True)
    out, err = dry_run(tmp_path, tmp_path / "empty")
    assert out == ""
    assert err.startswith(f"{tmp_path / 'empty' / 'train'}: must have ")
