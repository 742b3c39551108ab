"""Parquet as Hugging Face has it, CSV, NumPy archives and data sets of torchvision."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.data_digits import digits, encode, made, write_folders, write_parquet
from tune_mc1.config.image_files import ImageFiles
from tune_mc1.data.images import ImageData
from tune_mc1.data.source import check_data_spec, load_data
from tune_mc1.errors import DataError

IMAGES, LABELS = digits()
ENCODED = [encode(image) for image in IMAGES]
TEXT = [f"d{label}" for label in LABELS]
STRUCTS = [{"bytes": content, "path": None} for content in ENCODED]


def write_table(file: Path, rows: slice = slice(None), **columns: Any) -> Path:
    made(file.parent)
    table = pa.table({name: values[rows] for name, values in columns.items()})
    pq.write_table(table, file, row_group_size=7)
    return file


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


def write_csv(
    root: Path,
    header: str = "path,label",
    separator: str = ",",
    split: str = "",
    labels: Any = TEXT,
) -> Path:
    made(root / "files")
    lines = [header]
    for i, (content, label) in enumerate(zip(ENCODED, labels, strict=True)):
        (root / "files" / f"{i}.png").write_bytes(content)
        which = ["train", "val", "test"][min(i // 25, 2)]
        cells = [f"files/{i}.png", str(label), *([which] if split else [])]
        lines.append(separator.join(cells))
    file = root / ("list.tsv" if separator == "\t" else "list.csv")
    file.write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
    return file


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


def nothing(_: Path) -> None: ...


def remove(folder: Path, count: int) -> list[Path]:
    files = [folder / f"{i}.png" for i in range(count)]
    for file in files:
        file.unlink()
    return files


Spoil = Callable[[Path], Any]
MISTAKES: dict[str, tuple[Spoil, dict[str, Any] | str, str]] = {
    "two label columns": (
        lambda r: write_table(r / "a.parquet", img=ENCODED, fine_label=TEXT, coarse_label=TEXT),
        "a.parquet",
        "a.parquet: must name one of its 2 label columns in the sweep file, as in `data: {path: "
        "HERE/a.parquet, label: fine_label}`; it has fine_label, coarse_label",
    ),
    "no label column": (
        lambda r: write_table(r / "a.parquet", img=ENCODED, y=TEXT),
        "a.parquet",
        "a.parquet: must name one of its columns in the sweep file, as in `data: {path: "
        "HERE/a.parquet, label: NAME}`; it has img, y",
    ),
    "unknown column": (
        lambda r: write_table(r / "a.parquet", img=ENCODED, fine_label=TEXT),
        {"path": "a.parquet", "label": "finelabel"},
        "data.label: must be a column of HERE/a.parquet (img, fine_label), got 'finelabel', did "
        "you mean 'fine_label'?",
    ),
    "no training file": (
        lambda r: [write_parquet(r / f"{n}.parquet") for n in ("images", "test")],
        ".",
        "must have training images in files named train*.parquet, as there is test.parquet, got "
        "images.parquet",
    ),
    "empty text": (
        lambda r: write_table(r / "a.parquet", img=ENCODED, label=[None, *TEXT[1:]]),
        "a.parquet",
        "a.parquet: row 0: label must be text, got null",
    ),
    "csv with missing paths": (
        lambda r: (write_csv(r), remove(r / "files", 7)),
        "list.csv",
        "list.csv: 7 of 60 images are missing, such as HERE/files/0.png, HERE/files/1.png, "
        "HERE/files/2.png",
    ),
    "csv whose columns are not clear": (
        lambda r: write_csv(r, "where,what"),
        "list.csv",
        "list.csv: must name one of its columns in the sweep file, as in `data: {path: "
        "HERE/list.csv, image: NAME}`; it has where, what",
    ),
    "csv with an unknown split": (
        lambda r: write_csv(r, "path,split", labels=["dev"] * 60),
        {"path": "list.csv", "label": "path"},
        "list.csv: row 0: split must be train, val or test, got 'dev'",
    ),
    "csv with a short row": (
        lambda r: (r / "list.csv").write_text("path,label\nfiles/0.png\n"),
        "list.csv",
        "list.csv:2: must have 2 cells as the header, got 1",
    ),
    "csv without rows": (
        lambda r: (r / "list.csv").write_text("path,label\n"),
        "list.csv",
        "list.csv: must have images, got none",
    ),
    "csv without a label": (
        lambda r: write_csv(r, labels=["", *TEXT[1:]]),
        "list.csv",
        "list.csv: row 0: label must not be empty",
    ),
    "csv that is no text": (
        lambda r: (r / "list.csv").write_bytes(b"\xff\xfe\x00"),
        "list.csv",
        "list.csv: cannot be read as text in UTF-8: ",
    ),
    "archive of other arrays": (
        lambda r: np.savez(r / "a.npz", images=IMAGES),
        "a.npz",
        "a.npz: must have the arrays train_images and train_labels, or x_train and y_train, got "
        "images",
    ),
    "archive with many labels an image": (
        lambda r: np.savez(r / "a.npz", train_images=IMAGES, train_labels=np.zeros((60, 14), int)),
        "a.npz",
        "a.npz: train_labels: must have one whole number for each image, got int64 (60, 14)",
    ),
    "archive of volumes": (
        lambda r: np.savez(
            r / "a.npz", train_images=np.zeros((60, 8, 8, 8), np.uint8), train_labels=LABELS
        ),
        "a.npz",
        "a.npz: train_images: must be uint8 (N, height, width), or with 1 or 3 channels last, got "
        "uint8 (60, 8, 8, 8)",
    ),
    "broken archive": (
        lambda r: (r / "a.npz").write_bytes(b"PK\x03\x04 no archive"),
        "a.npz",
        "a.npz: broken or unreadable NumPy archive: ",
    ),
    "archive with a label out of range": (
        lambda r: np.savez(r / "a.npz", train_images=IMAGES, train_labels=LABELS - 1),
        "a.npz",
        "a.npz: train image 0: label must be in 0 to 8 (there are 9 classes in training), got -1",
    ),
    "torchvision without the files": (
        nothing,
        "torchvision:SVHN",
        "data: torchvision:SVHN must be in HERE (",
    ),
    "torchvision without the data set": (
        nothing,
        "torchvision:SHVN",
        "data: torchvision.datasets has no 'SHVN' that is read from disk, did you mean 'SVHN'?",
    ),
    "key of another form": (
        write_folders,
        {"path": ".", "label": "digit"},
        "data.label: is only valid with parquet files, and HERE has class folders, got digit",
    ),
    "key that the source does not have": (
        lambda r: np.savez(r / "a.npz", x_train=IMAGES, y_train=LABELS),
        {"path": "a.npz", "label": "y_train"},
        "data: must have only path for an .npz file, got label: y_train",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_have_one_line(tmp_path: Path, mistake: str) -> None:
    spoil, spec, rule = MISTAKES[mistake]
    spoil(tmp_path)
    given = {"path": spec} if isinstance(spec, str) else spec
    path = given["path"]
    path = path if path.startswith("torchvision:") else str(tmp_path / path)
    with pytest.raises(DataError, match=re.escape(rule.replace("HERE", str(tmp_path)))) as caught:
        load_data(ImageFiles(**(given | {"path": path})), home=tmp_path, notify=lambda _: None)
    assert len(str(caught.value).splitlines()) == 1


def test_a_word_of_torchvision_is_checked() -> None:
    rule = "must name a class of torchvision.datasets, got 'torchvision:a b'"
    assert check_data_spec("torchvision:a b") == rule
