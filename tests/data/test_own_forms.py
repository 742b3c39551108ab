"""Parquet as Hugging Face has it, CSV, NumPy archives and data sets of torchvision."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.support.data_digits import digits, made
from tests.support.data_forms import (
    ENCODED,
    IMAGES,
    LABELS,
    STRUCTS,
    TEXT,
    write_csv,
    write_table,
)
from tune_mc1.config.image_files import ImageFiles
from tune_mc1.data.images import ImageData
from tune_mc1.data.source import load_data


def check_digits(data: ImageData, names: list[str]) -> None:
    assert list(data.classes) == names
    both = np.concatenate([images for images, _ in data.splits.values()])[..., 0]
    labels = np.concatenate([labels for _, labels in data.splits.values()])
    found = sorted((int(c), image.tobytes()) for c, image in zip(labels, both, strict=True))
    assert found == sorted((int(c), i.tobytes()) for c, i in zip(LABELS, IMAGES, strict=True))


@pytest.mark.parametrize("image", ["image", "img"])
@pytest.mark.parametrize("content", [ENCODED, STRUCTS], ids=["bytes", "struct"])
@pytest.mark.parametrize(
    ("labels", "names"),
    [(LABELS.tolist(), [*map(str, range(10))]), (TEXT, [f"d{c}" for c in range(10)])],
    ids=["numbers", "text"],
)
def test_parquet_of_all_kinds(
    tmp_path: Path, image: str, content: Any, labels: Any, names: list[str]
) -> None:
    file = write_table(tmp_path / "a.parquet", **{image: content, "label": labels})
    check_digits(load_data(str(file), notify=lambda _: None), names)


@pytest.mark.parametrize(
    "files",
    [
        ["train-00000-of-00001", "validation-00000-of-00001", "test-00000-of-00001"],
        ["mine-train", "mine-valid", "mine-test"],
        ["train/0000", "validation/0000", "test/0000"],
    ],
)
def test_parquet_in_three_splits(tmp_path: Path, files: list[str]) -> None:
    parts = (slice(0, 30), slice(30, 50), slice(50, 60))
    for name, part in zip(files, parts, strict=True):
        write_table(tmp_path / "data" / f"{name}.parquet", part, image=STRUCTS, label=TEXT)
    notices: list[str] = []
    data = load_data(str(tmp_path), notify=notices.append)
    assert [len(labels) for _, labels in data.splits.values()] == [30, 20, 10]
    check_digits(data, [f"d{c}" for c in range(10)])
    assert (data.name, notices) == (tmp_path.name, [])
    np.testing.assert_array_equal(data.splits["val"][0][..., 0], IMAGES[30:50])


def test_one_of_several_label_columns(tmp_path: Path) -> None:
    columns = {"img": ENCODED, "fine_label": LABELS.tolist(), "coarse_label": [0, 1] * 30}
    file = write_table(tmp_path / "cifar100.parquet", **columns)
    about = {"info": {"features": {"coarse_label": {"names": ["even", "odd"]}}}}
    table = pq.read_table(file).replace_schema_metadata({"huggingface": json.dumps(about)})
    pq.write_table(table, file)
    data = load_data(ImageFiles(path=str(file), label="coarse_label"), notify=lambda _: None)
    assert data.classes == ("even", "odd")
    fine = ImageFiles(path=str(file), label="fine_label")
    check_digits(load_data(fine, notify=lambda _: None), [*map(str, range(10))])


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_of_paths_and_labels(tmp_path: Path, separator: str) -> None:
    file = write_csv(tmp_path, separator.join(["file_name", "class"]), separator)
    check_digits(load_data(str(file), notify=lambda _: None), [f"d{c}" for c in range(10)])


def test_csv_with_splits_and_numbers(tmp_path: Path) -> None:
    file = write_csv(tmp_path, "path,label,split", split="split", labels=LABELS + 2)
    data = load_data(str(file), notify=lambda _: None)
    assert [len(labels) for _, labels in data.splits.values()] == [25, 25, 10]
    check_digits(data, [str(c) for c in range(2, 12)])


def test_csv_whose_columns_are_named(tmp_path: Path) -> None:
    file = write_csv(tmp_path, "where,what,note", split="note")
    files = ImageFiles(path=str(file), image="where", label="what")
    check_digits(load_data(files, notify=lambda _: None), [f"d{c}" for c in range(10)])


@pytest.mark.parametrize("keys", ["medmnist", "keras"])
def test_numpy_archive(tmp_path: Path, keys: str) -> None:
    arrays: dict[str, Any] = {}
    parts = {"train": slice(0, 30), "val": slice(30, 50), "test": slice(50, 60)}
    for split, part in parts.items():
        if keys == "medmnist":
            arrays[f"{split}_images"] = IMAGES[part]
            arrays[f"{split}_labels"] = LABELS[part, None].astype(np.uint8)
        else:
            arrays |= {f"x_{split}": IMAGES[part], f"y_{split}": LABELS[part]}
    np.savez(tmp_path / "digitmnist.npz", **arrays)
    data = load_data(str(tmp_path / "digitmnist.npz"))
    assert (data.name, [len(y) for _, y in data.splits.values()]) == ("digitmnist", [30, 20, 10])
    check_digits(data, [*map(str, range(10))])
    assert load_data(str(tmp_path / "digitmnist.npz"), image_size=16).image_shape == (1, 8, 8)
    assert load_data(str(tmp_path / "digitmnist.npz"), image_size=4).image_shape == (1, 4, 4)


def write_mnist(home: Path, count: int = 60) -> None:
    """The files of MNIST, with the digits of scikit-learn."""
    images, labels = digits(count)
    for name in ("train", "t10k"):
        for kind, array in (("images-idx3", images), ("labels-idx1", labels.astype(np.uint8))):
            head = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">i4").tobytes()
            file = made(home / "MNIST" / "raw") / f"{name}-{kind}-ubyte"
            file.write_bytes(head + array.tobytes())


def test_data_set_of_torchvision(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    data = load_data("torchvision:MNIST", home=tmp_path, image_size=8)
    assert (data.name, data.classes[:2]) == ("MNIST", ("0 - zero", "1 - one"))
    for images, labels in data.splits.values():
        np.testing.assert_array_equal(images[..., 0], IMAGES)
        np.testing.assert_array_equal(labels, LABELS)
