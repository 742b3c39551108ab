"""Paths of images in a plan hold from every directory."""

from pathlib import Path

import pytest
from PIL import Image

from tune_mc1.config.image_files import ImageFiles
from tune_mc1.planning.flags import PlanFlags
from tune_mc1.planning.plan import prepare


def test_a_relative_path_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep on `own/x` could not be resumed from another directory."""
    for name in ("cat", "dog"):
        (tmp_path / "own" / "x" / name).mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(tmp_path / "own" / "x" / name / "a.png")
    monkeypatch.chdir(tmp_path)
    there = str(tmp_path / "own" / "x")
    assert prepare("grid", None, PlanFlags.of(data="own/x")).sweep.data == there
    assert prepare("grid", None, PlanFlags.of(data="shapes10")).sweep.data == "shapes10"
    file = tmp_path / "sweep.yaml"
    file.write_text("data: {path: own/x, splits: false}\nparameters: {epochs: {value: 1}}\n")
    assert prepare("grid", file).sweep.data == ImageFiles(path=there, splits=False)
