"""A user's own images: class folders and parquet."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.io import decode_jpeg

from tests.support.data_digits import digits, encode, write_folders, write_parquet
from tune_mc1.data.images import Labels, Pixels
from tune_mc1.data.source import load_data


def by_label(images: Pixels, labels: Labels) -> list[tuple[int, bytes]]:
    """What a set of images holds, whatever its order."""
    return sorted((int(c), image.tobytes()) for c, image in zip(labels, images, strict=True))


def test_class_folders_without_test_give_a_stratified_sixth(tmp_path: Path) -> None:
    write_folders(tmp_path / "mine")
    (tmp_path / "mine" / "digit3" / "notes.txt").write_text("no image")
    notices: list[str] = []
    data = load_data(str(tmp_path / "mine"), notify=notices.append)
    assert (data.name, data.image_shape) == ("mine", (1, 8, 8))
    assert data.classes == tuple(f"digit{c}" for c in range(10))
    assert np.bincount(data.train_labels).tolist() == [5] * 10
    assert np.bincount(data.test_labels).tolist() == [1] * 10
    assert any("notes.txt" in n for n in notices)
    assert any("10 images, selected with seed 42" in n for n in notices)
    images, labels = digits()
    both = np.concatenate([data.train_images, data.test_images])[..., 0]
    all_labels = np.concatenate([data.train_labels, data.test_labels])
    assert by_label(both, all_labels) == by_label(images, labels)
    again = load_data(str(tmp_path / "mine"), notify=notices.append)
    assert again.fingerprint == data.fingerprint


def test_train_and_test_folders(tmp_path: Path) -> None:
    write_folders(tmp_path, "train")
    write_folders(tmp_path, "test", count=20)
    notices: list[str] = []
    data = load_data(str(tmp_path), notify=notices.append)
    assert (len(data.train_labels), len(data.test_labels), notices) == (60, 20, [])
    images, labels = digits(20)
    assert by_label(data.test_images[..., 0], data.test_labels) == by_label(images, labels)


def test_mixed_channels_become_rgb(tmp_path: Path) -> None:
    write_folders(tmp_path)
    last = tmp_path / "digit9" / "059.png"
    grey = np.asarray(Image.open(last))
    # Each takes a way of its own through the decoders.
    for mode, form in {"RGB": "PNG", "RGBA": "PNG", "P": "PNG", "CMYK": "JPEG"}.items():
        Image.fromarray(grey).convert("RGB").convert(mode).save(last, form, quality=100)
        data = load_data(str(tmp_path), notify=lambda _: None)
        assert data.image_shape == (3, 8, 8), mode
        both = np.concatenate([data.train_images, data.test_images])
        off = np.abs(both - grey.astype(int)[..., None]).max((1, 2, 3)).min()
        assert off <= (30 if mode == "P" else 3), mode  # Pillow's palette is a coarse one


@pytest.mark.parametrize("form", ["PNG", "JPEG", "BMP"])
def test_decoded_as_elsewhere(tmp_path: Path, form: str) -> None:
    rng = np.random.default_rng(0)
    colour = rng.integers(0, 256, (60, 9, 7, 3), np.uint8)
    files = [encode(image, form) for image in colour]
    write_parquet(tmp_path / "a.parquet", files)
    data = load_data(str(tmp_path / "a.parquet"), notify=lambda _: None)
    both = np.concatenate([data.train_images, data.test_images])
    expected: list[Pixels] = list(colour)
    if form == "JPEG":
        raw = [torch.frombuffer(bytearray(file), dtype=torch.uint8) for file in files]
        expected = [decode_jpeg(bytes_).permute(1, 2, 0).contiguous().numpy() for bytes_ in raw]
    assert data.image_shape == (3, 9, 7)
    assert sorted(i.tobytes() for i in both) == sorted(i.tobytes() for i in expected)


def test_images_are_read_without_pytorch(tmp_path: Path) -> None:
    write_folders(tmp_path)
    code = (
        "import sys; from tune_mc1.data.source import load_data; "
        f"load_data({str(tmp_path)!r}); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("subfolder", ["", "plain_text", "data"])
def test_parquet_folder(tmp_path: Path, subfolder: str) -> None:
    names = [f"digit {c}" for c in range(10)]
    folder = tmp_path / "my.digits" / subfolder
    images, labels = digits()
    for split, part in (("train-0", slice(0, 30)), ("train-1", slice(30, 50))):
        contents: list[bytes | None] = [encode(image) for image in images[part]]
        write_parquet(folder / f"{split}.parquet", contents, labels[part].tolist(), names)
    write_parquet(folder / "test-0.parquet", [encode(i) for i in images[50:]], labels[50:].tolist())
    data = load_data(str(tmp_path / "my.digits"))
    assert (data.name, data.classes) == ("my.digits", tuple(names))
    np.testing.assert_array_equal(data.train_images[..., 0], images[:50])
    np.testing.assert_array_equal(data.train_labels, labels[:50])
    np.testing.assert_array_equal(data.test_images[..., 0], images[50:])
    assert load_data(str(folder)).name == "my.digits"


def test_fingerprint_tells_pixels_and_labels_apart(tmp_path: Path) -> None:
    images, labels = digits()
    changed = images.copy()
    changed[7, 3, 3] ^= 1
    swapped = labels.copy()
    swapped[[0, 1]] = swapped[[1, 0]]
    prints = set()
    for i, (pixels, targets) in enumerate([(images, labels), (changed, labels), (images, swapped)]):
        file = tmp_path / f"{i}.parquet"
        write_parquet(file, [encode(p) for p in pixels], targets.tolist())
        prints.add(load_data(str(file), notify=lambda _: None).fingerprint)
    assert len(prints) == 3
    assert all(re.fullmatch("[0-9a-f]{16}", p) for p in prints)
