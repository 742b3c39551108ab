"""Every mistake in a user's own images has one line that names the file."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.support.data_digits import digits, encode, made, write_folders, write_parquet
from tune_mc1.data.source import load_data
from tune_mc1.errors import DataError

Spoil = Callable[[Path], Any]

FOLDER_MISTAKES: dict[str, tuple[Spoil, str]] = {
    "truncated": (
        lambda r: (r / "digit4/004.png").write_bytes((r / "digit4/004.png").read_bytes()[:60]),
        r"digit4/004\.png: broken or truncated image",
    ),
    "no image": (
        lambda r: (r / "digit4/004.png").write_bytes(b"no image"),
        r"digit4/004\.png: broken or truncated image: cannot identify",
    ),
    "empty file": (
        lambda r: (r / "digit4/004.png").write_bytes(b""),
        r"digit4/004\.png: broken or truncated image",
    ),
    "dangling link": (
        lambda r: (r / "digit4/link.png").symlink_to(r / "gone.png"),
        r"digit4/link\.png: cannot be read: No such file",
    ),
    "size": (
        lambda r: Image.new("L", (9, 8)).save(r / "digit5/005.png"),
        r"digit5/005\.png: all images must have the size 8x8 as in .*digit0/000\.png, got 9x8",
    ),
    "real numbers": (
        lambda r: Image.fromarray(np.ones((8, 8), np.float32)).save(r / "digit0/000.tiff"),
        r"digit0/000\.tiff: images must have 8 bits a channel, or 16 bits in greyscale, got .* F",
    ),
    "lone image": (
        lambda r: (made(r / "digit10"), (r / "digit0/000.png").rename(r / "digit10/0.png")),
        r"class 'digit10': must have at least 2 training images.*, got 1",
    ),
    "foreign test class": (
        lambda r: (
            write_folders(r, "train"),
            (r / "digit0").rename(made(r / "test") / "cat"),
            [*map(shutil.rmtree, r.glob("digit*"))],
        ),
        r"test/cat: must be a class of .*train, got 'cat'",
    ),
    "empty test": (
        lambda r: (
            write_folders(r, "train"),
            made(r / "test"),
            [*map(shutil.rmtree, r.glob("digit*"))],
        ),
        r"test: must have images, got none",
    ),
}


@pytest.mark.parametrize("mistake", FOLDER_MISTAKES)
def test_folder_mistakes_have_one_line(tmp_path: Path, mistake: str) -> None:
    write_folders(tmp_path)
    spoil, message = FOLDER_MISTAKES[mistake]
    spoil(tmp_path)
    with pytest.raises(DataError, match=message) as caught:
        load_data(str(tmp_path), notify=lambda _: None)
    assert len(str(caught.value).splitlines()) == 1
    assert str(tmp_path) in str(caught.value) or mistake == "lone image"


def first(value: Any) -> list[Any]:
    """The value, then what the digits have."""
    return [value, *digits()[1].tolist()[1:]]


def as_paths(file: Path) -> pa.Table:
    """The same rows as Hugging Face's `to_parquet` writes those of an image folder."""
    table = pq.read_table(file)
    paths = [{"bytes": None, "path": f"/images/{row}.png"} for row in range(len(table))]
    kind = pa.struct({"bytes": pa.binary(), "path": pa.string()})
    return table.set_column(0, "img", pa.array(paths, kind))


PARQUET_MISTAKES: dict[str, tuple[Spoil, str]] = {
    "truncated": (
        lambda f: (write_parquet(f), f.write_bytes(f.read_bytes()[:500])),
        r"broken or unreadable parquet file",
    ),
    "empty": (lambda f: f.write_bytes(b""), r"broken or unreadable parquet file"),
    "schema": (
        lambda f: pq.write_table(pa.table({"img": ["x"], "label": ["cat"]}), f),
        r"column img: must be encoded images .*got string",
    ),
    "no rows": (
        lambda f: (write_parquet(f), pq.write_table(pq.read_table(f).slice(0, 0), f)),
        r"must have images, got none",
    ),
    "null label": (lambda f: write_parquet(f, labels=first(None)), r"row 0: label must be"),
    "negative label": (
        lambda f: write_parquet(f, labels=first(-1)),
        r"row 0: label must be in 0 to 9 .*, got -1",
    ),
    "label without name": (
        lambda f: write_parquet(f, labels=first(10), names=list("abcdefghij")),
        r"row 0: label must be in 0 to 9 .*, got 10",
    ),
    "label far away": (
        lambda f: write_parquet(f, labels=first(2**62)),
        r"must have training images, got none of '10'",
    ),
    "null image": (
        lambda f: write_parquet(f, contents=[None, *(encode(i) for i in digits()[0][1:])]),
        r"row 0: img\.bytes must be bytes, got null",
    ),
    "paths instead of images": (
        lambda f: pq.write_table(as_paths(write_parquet(f)), f),
        r"row \d+: img\.bytes must be bytes, got null; it has the path /images/\d+\.png instead",
    ),
    "broken image": (
        lambda f: write_parquet(f, contents=[*(encode(i) for i in digits()[0][1:]), b"\xff\xd8"]),
        r"row 59: broken or truncated image",
    ),
    "one class": (lambda f: write_parquet(f, labels=[0] * 60), r"at least 2 classes, got 1"),
}


@pytest.mark.parametrize("mistake", PARQUET_MISTAKES)
def test_parquet_mistakes_have_one_line(tmp_path: Path, mistake: str) -> None:
    file = tmp_path / "mine.parquet"
    spoil, message = PARQUET_MISTAKES[mistake]
    spoil(file)
    with pytest.raises(DataError, match=message) as caught:
        load_data(str(file), notify=lambda _: None)
    assert len(str(caught.value).splitlines()) == 1
    assert str(file) in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path: Path) -> None:
    write_folders(tmp_path)
    folder = tmp_path / "digit4"
    folder.chmod(0)
    try:
        with pytest.raises(DataError, match=r"digit4: cannot be read: Permission denied"):
            load_data(str(tmp_path))
    finally:
        folder.chmod(0o755)
