"""Paths of images in a result directory hold from every directory."""

from pathlib import Path

import pytest

from tune_mc1.config.image_files import ImageFiles
from tune_mc1.data.source import from_anywhere


def test_a_relative_path_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep on `own/x` could not be resumed from another directory."""
    (tmp_path / "own" / "x" / "cat").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    there = str(tmp_path / "own" / "x")
    assert from_anywhere("own/x") == there
    assert from_anywhere(ImageFiles(path="own/x", splits=False)) == ImageFiles(
        path=there, splits=False
    )
    assert from_anywhere("shapes10") == "shapes10"
