"""Images that are mapped from a file: the same as in memory, and every way in which it can fail."""

import json
import os
import re
import resource
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image

from tests.support.data_digits import digits, encode, write_folders, write_parquet
from tests.support.in_process import connected
from tune_mc1.config.image_files import ImageFiles
from tune_mc1.data import mapped, memory
from tune_mc1.data.decoding import opened, portable
from tune_mc1.data.images import ImageData
from tune_mc1.data.source import load_data
from tune_mc1.data.splits import limit_images
from tune_mc1.errors import DataError
from tune_mc1.running.mapped_nodes import images_here, serve


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(mapped.CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache" / mapped.FOLDER


def caches(home: Path) -> list[Path]:
    return sorted(path for path in home.iterdir() if not path.name.startswith("."))


def load(path: Path, **keys: Any) -> tuple[ImageData, list[str]]:
    notices: list[str] = []
    return load_data(ImageFiles(path=str(path), **keys), notify=notices.append), notices


def check_equal(got: ImageData, expected: ImageData) -> None:
    assert (got.fingerprint, got.classes) == (expected.fingerprint, expected.classes)
    for split, (images, labels) in expected.splits.items():
        np.testing.assert_array_equal(got.splits[split][0], images)
        np.testing.assert_array_equal(got.splits[split][1], labels)


@pytest.mark.parametrize("form", ["folder", "parquet"])
def test_mapped_images_are_those_in_memory(tmp_path: Path, home: Path, form: str) -> None:
    path = tmp_path / "mine"
    path = write_folders(path) if form == "folder" else write_parquet(path / "a.parquet")
    if form == "folder":  # one image in colour: all become RGB
        Image.new("RGB", (8, 8), (1, 2, 3)).save(path / "digit4" / "colour.png")
    expected, _ = load(path, mapped=False)
    assert not home.exists()
    first, told = load(path, mapped=True)
    (folder,) = caches(home)
    size = first.train_images.nbytes + first.test_images.nbytes
    assert (folder / "images.bin").stat().st_size == size
    assert sum("images are decoded once" in notice for notice in told) == 1
    assert any(f"mapped from {folder}" in notice for notice in told)
    before = (folder / "images.bin").stat().st_mtime_ns
    again, told = load(path, mapped=True)
    assert not any("decoded once" in notice for notice in told)
    assert (folder / "images.bin").stat().st_mtime_ns == before
    for data in (first, again):
        check_equal(data, expected)
        assert isinstance(data.train_images, np.memmap)


def test_what_does_not_fit_is_mapped(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_folders(tmp_path / "mine")
    size = 60 * 64
    monkeypatch.setattr(memory, "usable_memory", lambda: memory.COPIES * size)
    assert load(path)[0].mapped is None
    monkeypatch.setattr(memory, "usable_memory", lambda: memory.COPIES * size - 1)
    assert load(path)[0].mapped is not None
    assert len(caches(home)) == 1


def test_other_images_and_sizes_have_their_own_file(tmp_path: Path, home: Path) -> None:
    path = write_folders(tmp_path / "mine")
    first, _ = load(path, mapped=True)
    load_data(ImageFiles(path=str(path), mapped=True), notify=lambda _: None, image_size=6)
    (path / "digit0" / "000.png").write_bytes(encode(digits()[0][1]))
    changed, _ = load(path, mapped=True)
    assert len(caches(home)) == 3
    assert first.fingerprint != changed.fingerprint


def test_a_data_set_is_sent_without_its_images(tmp_path: Path) -> None:
    data, _ = load(write_folders(tmp_path / "mine"), mapped=True)
    sent = portable(data)
    assert (len(sent.train_images), len(sent.test_images)) == (0, 0)
    assert sent.image_shape == data.image_shape
    check_equal(opened(sent), data)
    in_memory, _ = load(tmp_path / "mine", mapped=False)
    assert portable(in_memory) is in_memory
    assert opened(in_memory) is in_memory


def test_another_node_gets_a_copy(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, _ = load(write_folders(tmp_path / "mine"), mapped=True)
    assert data.mapped is not None
    connected()
    blocks = serve(data)
    gone = replace(portable(data), mapped=replace(data.mapped, folder=tmp_path / "gone"))
    monkeypatch.setenv(mapped.CACHE_VARIABLE, str(tmp_path / "other"))
    monkeypatch.setattr("tune_mc1.running.mapped_nodes.BLOCK_BYTES", 1000)
    check_equal(images_here(gone, blocks), data)
    (copy,) = caches(tmp_path / "other" / mapped.FOLDER)
    assert (copy / "images.bin").read_bytes() == data.mapped.pixels.read_bytes()
    check_equal(images_here(gone, blocks), data)


def damage(folder: Path) -> None:
    file = folder / "images.bin"
    file.write_bytes(bytes(file.stat().st_size))


def exchange(folder: Path) -> None:
    """As if other images had been put there, with the right description of them."""
    damage(folder)
    about = json.loads((folder / "about.json").read_text())
    zeros = np.zeros(about["shape"], np.uint8)
    (folder / "about.json").write_text(json.dumps(about | {"sample": mapped.sample_of(zeros)}))


SPOILED: dict[str, Callable[[Path], Any]] = {
    "damaged": damage,
    "cut short": lambda f: (f / "images.bin").write_bytes(b"\0"),
    "without images": lambda f: (f / "images.bin").unlink(),
    "without description": lambda f: (f / "about.json").unlink(),
    "of another key": lambda f: (f / "about.json").write_text(
        json.dumps(json.loads((f / "about.json").read_text()) | {"key": "0" * 64})
    ),
    "of other images": exchange,
}


@pytest.mark.parametrize("name", SPOILED)
def test_a_cache_of_other_images_is_refused(tmp_path: Path, home: Path, name: str) -> None:
    path = write_folders(tmp_path / "mine")
    load(path, mapped=True)
    (folder,) = caches(home)
    SPOILED[name](folder)
    rule = f"{folder}: must be a cache of these images, got others or damaged ones; delete the"
    if name == "without images":
        rule = f"{folder}/images.bin: cannot be read: No such file"
    with pytest.raises(DataError, match=re.escape(rule)) as caught:
        load(path, mapped=True)
    assert len(str(caught.value).splitlines()) == 1
    shutil.rmtree(folder)
    load(path, mapped=True)


@pytest.mark.parametrize("way", ["too little room", "full while it is taken"])
def test_a_full_disk_has_one_line(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    path = write_folders(tmp_path / "mine")
    if way == "too little room":
        usage = shutil.disk_usage(tmp_path)._replace(free=100)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    else:

        def full(*_: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "posix_fallocate", full)
    rule = f"{home}: needs 0.0 MB for decoded images, and the disk has "
    with pytest.raises(DataError, match=re.escape(rule)) as caught:
        load(path, mapped=True)
    assert mapped.CACHE_VARIABLE in str(caught.value)
    assert caches(home) == []
    assert not list(home.glob("*.partial"))


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(mapped.CACHE_VARIABLE, str(tmp_path / "file"))
    with pytest.raises(DataError, match=r"file/decoded: cannot be written: .*TUNE_MC1_CACHE"):
        load(write_folders(tmp_path / "mine"), mapped=True)


def test_a_broken_image_leaves_no_cache(tmp_path: Path, home: Path) -> None:
    path = write_folders(tmp_path / "mine")
    (path / "digit9" / "059.png").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"059\.png: broken or truncated"):
        load(path, mapped=True)
    assert caches(home) == []


def test_limits_of_the_process_count(monkeypatch: pytest.MonkeyPatch) -> None:
    free = memory.usable_memory()
    assert 0 < free < 2**50
    used = psutil.Process().memory_info().vms
    monkeypatch.setattr(resource, "getrlimit", lambda _: (used + 2**28, used + 2**28))
    assert 2**26 < memory.usable_memory() <= 2**28
    assert memory.fits_in_memory(2**20)
    assert not memory.fits_in_memory(2**27)


@pytest.mark.parametrize("keep", [True, False])
def test_only_the_images_that_are_wanted_are_decoded(tmp_path: Path, keep: bool) -> None:
    path = write_folders(tmp_path / "mine")
    whole, _ = load(path)
    expected = limit_images(whole, 0.5)
    kept = {image.tobytes() for images, _ in expected.splits.values() for image in images}
    files = sorted(path.rglob("*.png"))
    file = next(f for f in files if np.asarray(Image.open(f)).tobytes() not in kept)
    file.write_bytes(b"no image")
    data = load_data(ImageFiles(path=str(path), mapped=keep), notify=lambda _: None, part=0.5)
    check_equal(data, expected)
    assert limit_images(data, 0.5) is data
