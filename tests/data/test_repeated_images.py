"""Images that would count twice: hidden folders, links, and images of two splits."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.support.data_digits import digits, made, write_folders
from tune_mc1.data.duplicates import equal_across_splits
from tune_mc1.data.images import ImageData
from tune_mc1.data.source import load_data


@pytest.mark.parametrize("inside", [".ipynb_checkpoints", "more/.thumbnails"])
def test_hidden_folders_of_a_class_are_left_out(tmp_path: Path, inside: str) -> None:
    root = write_folders(tmp_path / "images")
    copies = made(root / "digit3" / inside)
    for file in (root / "digit3").glob("*.png"):
        shutil.copy(file, copies)
    notices: list[str] = []
    data = load_data(str(root), notify=notices.append)
    assert len(data.train_labels) + len(data.test_labels) == 60
    said = [f"{root / 'digit3'}: ignored hidden folders: {inside}/"]
    assert [n for n in notices if "ignored hidden" in n] == (said if "/" not in inside else [])


@pytest.mark.parametrize("target", [".", ".."])
def test_a_link_to_a_folder_above_adds_nothing(tmp_path: Path, target: str) -> None:
    root = write_folders(tmp_path / "images")
    (made(root / "digit3" / "more") / "loop").symlink_to(Path("..", target))
    data = load_data(str(root), notify=lambda _: None)
    labels = np.concatenate([data.train_labels, data.test_labels])
    if target == ".":
        assert np.bincount(labels).tolist() == [6] * 10
    else:  # a link to all classes: each image once
        assert np.bincount(labels).tolist() == [6, 6, 6, 60, 6, 6, 6, 6, 6, 6]


def test_a_linked_class_folder_is_read(tmp_path: Path) -> None:
    root = write_folders(tmp_path / "images")
    (root / "digit3").rename(tmp_path / "elsewhere")
    (root / "digit3").symlink_to(tmp_path / "elsewhere")
    assert len(load_data(str(root), notify=lambda _: None).classes) == 10


def test_images_of_two_splits_are_said() -> None:
    images, labels = digits(60)
    train, test = images[:50, ..., None].copy(), images[40:, ..., None].copy()
    train[0, 0, 0, 0], test[-1] = 1, train[1]
    test[0] = train[40] = np.zeros_like(train[40])
    train[41] = 0
    data = ImageData.build("d", (train, labels[:50]), (test, labels[40:]), list("0123456789"))
    several = [int(any(np.array_equal(t, i) for i in train)) for t in test]
    assert sum(several) == 10
    assert equal_across_splits(data) == [
        "data: 10 of the 20 test images are also training images, pixel for pixel"
    ]
    three = ImageData.build(
        *("d", (train, labels[:50]), (test[11:], labels[51:]), list("0123456789")),
        val=(train[:5], labels[:5]),
    )
    assert equal_across_splits(three) == [
        "data: 5 of the 5 validation images are also training images, pixel for pixel",
        "data: 1 of the 9 test images are also training images, pixel for pixel",
        "data: 1 of the 9 test images are also validation images, pixel for pixel",
    ]
