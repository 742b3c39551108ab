"""Mistakes in parquet, CSV, NumPy archives and data sets of torchvision: one line each."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.data_digits import write_folders, write_parquet
from tests.support.data_forms import ENCODED, IMAGES, LABELS, TEXT, write_csv, write_table
from tune_mc1.config.image_files import ImageFiles
from tune_mc1.data.source import check_data_spec, load_data
from tune_mc1.errors import DataError


def nothing(_: Path) -> None: ...


def remove(folder: Path, count: int) -> list[Path]:
    files = [folder / f"{i}.png" for i in range(count)]
    for file in files:
        file.unlink()
    return files


def drop_folder(file: Path) -> int:
    return file.write_text(file.read_text().replace("files/", ""))


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
        "list.csv:2: split must be train, val or test, got 'dev'",
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
        "list.csv:2: label must not be empty",
    ),
    "csv with a cell that spans lines before a mistake": (
        lambda r: (r / "list.csv").write_text('path,label,note\na,b,"c\nd"\ne,f\n'),
        "list.csv",
        "list.csv:4: must have 3 cells as the header, got 2",
    ),
    "csv beside the folder of its images": (
        lambda r: (write_csv(r), drop_folder(r / "list.csv")),
        "list.csv",
        "list.csv: 60 of 60 images are missing, such as HERE/0.png, HERE/1.png, HERE/2.png; "
        "HERE/files/0.png is there: `data: {path: HERE/list.csv, folder: files}`",
    ),
    "csv with another folder": (
        write_csv,
        {"path": "list.csv", "folder": "none"},
        "list.csv: 60 of 60 images are missing, such as HERE/none/files/0.png, ",
    ),
    "folders of several configurations": (
        lambda r: [write_parquet(r / name / "train.parquet") for name in ("large", "small")],
        ".",
        "HERE: must name one of the folders with parquet files in it, as in `data: HERE/large`; it "
        "has large/, small/",
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
    "archive with other numbers of images and labels": (
        lambda r: np.savez(r / "a.npz", x_train=IMAGES, y_train=LABELS[:50]),
        "a.npz",
        "a.npz: y_train: must have a label for each of the 60 images in x_train, got 50",
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
    "a table among loose images": (
        lambda r: [(r / name).write_bytes(b"") for name in ("0.png", "list.csv")],
        ".",
        "(neither folders nor parquet files in it; list.csv can be named instead, if it lists "
        "images)",
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
