"""Folders with splits: which of them are splits, which are classes, and what is said."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.data_digits import digits, encode, made, write_folders
from tune_mc1.config.image_files import ImageFiles
from tune_mc1.data.source import load_data
from tune_mc1.data.splits import limit_images
from tune_mc1.errors import DataError

PIXELS = encode(digits()[0][0])


def image(file: Path) -> Path:
    made(file.parent)
    file.write_bytes(PIXELS)
    return file


@pytest.mark.parametrize(
    ("train", "val", "test"),
    [("train", "val", "test"), ("Train", "VALID", "TEST"), ("training", "Validation", "Testing")],
)
def test_three_splits_in_any_case(tmp_path: Path, train: str, val: str, test: str) -> None:
    for name, count in ((train, 60), (val, 30), (test, 20)):
        write_folders(tmp_path, name, count)
    notices: list[str] = []
    data = load_data(str(tmp_path), notify=notices.append)
    assert data.val_images is not None
    sizes = (len(data.train_images), len(data.val_images), len(data.test_images))
    assert (sizes, notices, len(data.classes)) == ((60, 30, 20), [], 10)
    shutil.rmtree(tmp_path / val)
    assert load_data(str(tmp_path)).fingerprint != data.fingerprint


def test_without_test_images_a_sixth_of_the_training_images_is_taken(tmp_path: Path) -> None:
    for name, count in (("train", 60), ("val", 20)):
        write_folders(tmp_path, name, count)
    notices: list[str] = []
    data = load_data(str(tmp_path), notify=notices.append)
    assert data.val_images is not None
    assert (len(data.train_images), len(data.val_images), len(data.test_images)) == (50, 20, 10)
    assert any("no test images found" in notice for notice in notices)
    both = np.concatenate([data.train_images, data.test_images])[..., 0]
    assert sorted(i.tobytes() for i in both) == sorted(i.tobytes() for i in digits()[0])
    np.testing.assert_array_equal(np.sort(data.splits["val"][1]), np.repeat(np.arange(10), 2))


def test_a_class_absent_in_a_split_keeps_its_index_and_is_said(tmp_path: Path) -> None:
    for name in ("train", "val", "test"):
        write_folders(tmp_path, name)
    shutil.rmtree(tmp_path / "val" / "digit3")
    for file in (tmp_path / "test" / "digit7").iterdir():
        file.unlink()
    notices: list[str] = []
    data = load_data(str(tmp_path), notify=notices.append)
    assert data.classes == tuple(f"digit{c}" for c in range(10))
    assert sorted(set(range(10)) - set(data.splits["val"][1].tolist())) == [3]
    assert sorted(set(range(10)) - set(data.test_labels.tolist())) == [7]
    assert notices == [
        f"{tmp_path}: no val images of 1 class (digit3)",
        f"{tmp_path}: no test images of 1 class (digit7)",
    ]
    assert len(limit_images(data, 0.5).splits["val"][1]) == 27


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    write_folders(tmp_path)
    image(tmp_path / ".hidden" / "0.png")
    made(tmp_path / "zebra")
    image(tmp_path / "loose.png")
    notices: list[str] = []
    data = load_data(str(tmp_path), notify=notices.append)
    assert len(data.classes) == 10
    assert [notice.removeprefix(f"{tmp_path}: ") for notice in notices[:3]] == [
        "ignored hidden folders: .hidden/",
        "ignored 1 images in no class folder, such as loose.png",
        "ignored class folders without images: zebra",
    ]


def vehicles(root: Path) -> None:
    for name in ("bus", "car", "train"):
        for i in range(8):
            image(root / name / f"{i}.png")


def nested(root: Path) -> None:
    write_folders(root, "train")
    image(root / "bus" / "0.png")


def test_a_train_among_vehicles_is_asked_for(tmp_path: Path) -> None:
    vehicles(tmp_path)
    rule = f"{tmp_path}: train/ may be a split or, like bus/, a class; write `data: {{path: "
    with pytest.raises(DataError, match=re.escape(rule)) as caught:
        load_data(str(tmp_path))
    assert len(str(caught.value).splitlines()) == 1
    files = ImageFiles(path=str(tmp_path), splits=False)
    assert load_data(files, notify=lambda _: None).classes == ("bus", "car", "train")


def test_a_split_beside_another_folder_is_asked_for(tmp_path: Path) -> None:
    nested(tmp_path)
    with pytest.raises(DataError, match="train/ may be a split or, like bus/, a class"):
        load_data(str(tmp_path))
    notices: list[str] = []
    data = load_data(ImageFiles(path=str(tmp_path), splits=True), notify=notices.append)
    assert (len(data.classes), notices[0]) == (10, f"{tmp_path}: ignored what is in no split: bus/")


def test_splits_with_the_same_classes_need_no_word(tmp_path: Path) -> None:
    nested(tmp_path)
    write_folders(tmp_path, "test")
    notices: list[str] = []
    data = load_data(str(tmp_path), notify=notices.append)
    assert (len(data.classes), len(data.test_labels)) == (10, 60)
    assert notices == [f"{tmp_path}: ignored what is in no split: bus/"]


MISTAKES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "only splits": (
        lambda r: (image(r / "Train/0.png"), image(r / "Test/0.png")),
        "Train: must have one folder per class, got none",
    ),
    "a class in other letters": (
        lambda r: (write_folders(r, "train"), image(r / "test/Digit0/0.png")),
        "train, got 'Digit0', did you mean 'digit0'?",
    ),
    "images beside a table": (
        lambda r: (image(r / "train/0.png"), (r / "train/list.csv").write_bytes(b"")),
        "train: must have one folder per class, got none; list.csv can be named instead, if it "
        "lists them (data: ",
    ),
    "a folder around the data set": (
        lambda r: write_folders(r / "flowers"),
        "must have at least 2 classes, got 1 (flowers); if flowers/ is the data set, name it",
    ),
    "one class beside a table": (
        lambda r: (image(r / "images/0.png"), (r / "list.csv").write_bytes(b"")),
        "must have at least 2 classes, got 1 (images); list.csv can be named instead",
    ),
    "one split twice": (
        lambda r: (write_folders(r, "train"), write_folders(r, "Train")),
        "must have one folder of the train split, got Train/ and train/",
    ),
    "no training images": (
        lambda r: (write_folders(r, "val"), write_folders(r, "test")),
        "must have training images in a folder train/, got only val/, test/",
    ),
    "split without images": (
        lambda r: (write_folders(r, "train"), made(r / "val" / "digit0")),
        "val: must have images, got none",
    ),
    "class without training images": (
        lambda r: (write_folders(r, "train"), made(r / "train/x"), image(r / "val/x/0.png")),
        "each of the 11 classes must have training images, got none of 'x'",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_have_one_line(tmp_path: Path, mistake: str) -> None:
    spoil, rule = MISTAKES[mistake]
    spoil(tmp_path)
    with pytest.raises(DataError, match=re.escape(rule)) as caught:
        load_data(str(tmp_path), notify=lambda _: None)
    text = str(caught.value)
    assert len(text.splitlines()) == 1
    assert text.startswith(str(tmp_path))
