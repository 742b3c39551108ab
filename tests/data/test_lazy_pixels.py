"""A few of many images without decoding all, once all have been decoded here."""

import copy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.data_digits import write_folders, write_parquet
from tune_mc1.data import decoding, fingerprints, lazy_pixels
from tune_mc1.data.decode_image import Encoded, Seen, decode_with
from tune_mc1.data.images import ImageData, Pixels
from tune_mc1.data.lazy_pixels import LazyPixels
from tune_mc1.data.mapped import CACHE_VARIABLE
from tune_mc1.data.source import load_data


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where fingerprints are kept, also those of few images."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(decoding, "WORTH", 10)
    return tmp_path / "cache" / fingerprints.FOLDER


def load(path: Path, *, lazy: bool = True, size: int | None = None, part: float = 1) -> ImageData:
    return load_data(str(path), notify=lambda _: None, lazy=lazy, image_size=size, part=part)


def is_lazy(data: ImageData) -> bool:
    return isinstance(data.test_images, LazyPixels)


@pytest.mark.parametrize("form", ["folder", "parquet"])
def test_images_are_the_same_in_whatever_way_they_are_looked_at(tmp_path: Path, form: str) -> None:
    path = tmp_path / "mine"
    path = write_folders(path) if form == "folder" else write_parquet(path / "a.parquet")
    if form == "folder":  # one image in colour: all become RGB
        Image.new("RGB", (8, 8), (1, 2, 3)).save(path / "digit4" / "colour.png")
    whole = load(path)
    assert not is_lazy(whole), "nothing is known of them yet"
    found = load(path)
    assert is_lazy(found)
    assert (found.fingerprint, found.classes) == (whole.fingerprint, whole.classes)
    for split, (images, labels) in whole.splits.items():
        lazy, same = found.splits[split]
        np.testing.assert_array_equal(same, labels)
        assert (lazy.shape, lazy.dtype, lazy.ndim) == (images.shape, images.dtype, images.ndim)
        np.testing.assert_array_equal(np.asarray(lazy), images)
        mask = np.arange(len(images)) % 7 == 0
        for index in (0, -1, np.int64(3), [4, 1, 1], np.array([2, 0]), mask, (2, slice(None), 1)):
            np.testing.assert_array_equal(lazy[index], images[index])
        np.testing.assert_array_equal(lazy[3:30][2:4], images[3:30][2:4])
        with pytest.raises(IndexError):
            lazy[len(images)]
        assert lazy.mean() == np.mean(lazy) == images.mean()
        np.testing.assert_array_equal(lazy / 255, images / 255)
        np.testing.assert_array_equal(255 - lazy[:4], 255 - images[:4])
        assert lazy.reshape(len(images), -1).shape == (len(images), images[0].size)
        assert copy.copy(lazy).shape == images.shape


def test_only_what_is_looked_at_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_parquet(tmp_path / "a.parquet")
    load(path)
    found = load(path)
    decoded: list[str] = []

    def noted(image: Encoded, size: int | None, seen: Seen) -> Pixels:
        decoded.append(image.where)
        return decode_with(image, size, seen)

    monkeypatch.setattr(lazy_pixels, "decode_with", noted)
    assert found.test_images[[5, 2]].shape[0] == 2
    assert len(decoded) == 2


def test_sizes_and_parts_are_told_apart(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet")
    ways: list[dict[str, float]] = [{}, {"size": 6}, {"part": 0.5}]
    made = [load(path, **way) for way in ways]  # type: ignore[arg-type]
    assert not any(map(is_lazy, made))
    assert len({data.fingerprint for data in made}) == 3
    for way, data in zip(ways, made, strict=True):
        again = load(path, **way)  # type: ignore[arg-type]
        assert is_lazy(again)
        assert again.fingerprint == data.fingerprint
        np.testing.assert_array_equal(again.test_images, data.test_images)


def test_a_sweep_has_all_images_in_memory(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet")
    load(path)
    assert not is_lazy(load(path, lazy=False))


def test_images_that_changed_are_all_decoded(tmp_path: Path) -> None:
    path = write_folders(tmp_path / "mine")
    before = load(path)
    Image.new("L", (8, 8), 7).save(next(path.glob("digit3/*.png")))
    after = load(path)
    assert not is_lazy(after)
    assert after.fingerprint != before.fingerprint


@pytest.mark.parametrize(
    "content", ["", "[]", '{"shape": [8, 8, 1]}', "other pixels", "other shape"]
)
def test_what_is_kept_is_not_trusted_blindly(tmp_path: Path, kept: Path, content: str) -> None:
    path = write_parquet(tmp_path / "a.parquet")
    before = load(path)
    (file,) = kept.iterdir()
    good = file.read_text()
    if content == "other pixels":  # as another version of the decoder makes them
        content = good.replace('"sample": "', '"sample": "0')
    if content == "other shape":
        content = good.replace('"shape": [8,', '"shape": [9,')
        assert content != good
    file.write_text(content)
    after = load(path)
    assert not is_lazy(after)
    assert after.fingerprint == before.fingerprint


def test_nothing_is_kept_where_there_is_no_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_parquet(tmp_path / "a.parquet")
    (tmp_path / "file").touch()
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "file"))
    assert load(path).fingerprint == load(path).fingerprint
    assert not is_lazy(load(path))


def test_few_images_are_not_worth_it(
    tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "WORTH", fingerprints.WORTH)
    path = write_parquet(tmp_path / "a.parquet")
    load(path)
    assert not is_lazy(load(path))
    assert not kept.exists()
