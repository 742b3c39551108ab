"""Parquet and CSV as other tools write them: their types, folders, paths and labels."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.data_forms import ENCODED, LABELS, STRUCTS, TEXT, write_csv, write_table
from tune_mc1.config.image_files import ImageFiles
from tune_mc1.data.images import ImageData
from tune_mc1.data.source import load_data

NAMES = tuple(f"d{c}" for c in range(10))


def load(path: Path, **keys: Any) -> tuple[ImageData, list[str]]:
    notices: list[str] = []
    return load_data(ImageFiles(path=str(path), **keys), notify=notices.append), notices


def check(data: ImageData, expected: ImageData) -> None:
    assert (data.classes, data.fingerprint) == (expected.classes, expected.fingerprint)


@pytest.mark.parametrize("kind", ["large_string", "string_view", "dictionary"])
def test_labels_that_are_text_of_any_type(tmp_path: Path, kind: str) -> None:
    plain = pa.array(TEXT)
    text = plain.dictionary_encode() if kind == "dictionary" else plain.cast(kind)
    pq.write_table(pa.table({"img": ENCODED, "label": text}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"img": ENCODED, "label": plain}), tmp_path / "b.parquet")
    data, _ = load(tmp_path / "a.parquet")
    assert data.classes == NAMES
    check(data, load(tmp_path / "b.parquet")[0])


@pytest.mark.parametrize("kind", ["large_binary", "binary_view"])
def test_images_that_are_bytes_of_any_type(tmp_path: Path, kind: str) -> None:
    for name, images in (("a", pa.array(ENCODED).cast(kind)), ("b", pa.array(ENCODED))):
        pq.write_table(pa.table({"img": images, "label": TEXT}), tmp_path / f"{name}.parquet")
    check(load(tmp_path / "a.parquet")[0], load(tmp_path / "b.parquet")[0])


def test_labels_that_are_true_or_false(tmp_path: Path) -> None:
    odd = [bool(label % 2) for label in LABELS]
    data, _ = load(write_table(tmp_path / "a.parquet", img=ENCODED, label=odd))
    assert data.classes == ("false", "true")
    assert sum(int(labels.sum()) for _, labels in data.splits.values()) == sum(odd)


def of_hugging_face(folder: Path, names: list[str], test: list[int] | None = None) -> None:
    """A data set as `datasets` writes it, with the names of its classes in the metadata."""
    about = {"info": {"features": {"label": {"names": names, "_type": "ClassLabel"}}}}
    for split, part in (("train", slice(0, 50)), ("test", slice(50, 60))):
        labels = LABELS.tolist() if test is None or split == "train" else test
        file = write_table(
            folder / f"{split}-00000-of-00001.parquet", part, image=STRUCTS, label=labels
        )
        table = pq.read_table(file).replace_schema_metadata({"huggingface": json.dumps(about)})
        pq.write_table(table, file)


def test_the_only_configuration_of_a_data_set_is_found(tmp_path: Path) -> None:
    of_hugging_face(tmp_path / "mnist", list(NAMES))
    (tmp_path / ".cache").mkdir()
    data, notices = load(tmp_path)
    assert (data.name, data.classes, notices) == ("mnist", NAMES, [])
    check(data, load(tmp_path / "mnist")[0])


def test_names_of_classes_without_images_are_left_out(tmp_path: Path) -> None:
    of_hugging_face(tmp_path / "all", list(NAMES))
    of_hugging_face(tmp_path / "more", [*NAMES, "x", "y"])
    data, notices = load(tmp_path / "more")
    assert notices == [f"{tmp_path}/more: ignored classes without images: x, y"]
    check(data, load(tmp_path / "all")[0])


def test_classes_after_one_without_images_keep_their_names(tmp_path: Path) -> None:
    names = ["none", *NAMES]
    of_hugging_face(tmp_path, names)
    for file in tmp_path.iterdir():
        table = pq.read_table(file)
        shifted = pa.array([label + 1 for label in table["label"].to_pylist()])
        pq.write_table(table.set_column(1, "label", shifted), file)
    data, _ = load(tmp_path)
    assert data.classes == NAMES
    assert data.train_labels.tolist() == LABELS[:50].tolist()


def test_test_images_without_labels_are_left_out(tmp_path: Path) -> None:
    of_hugging_face(tmp_path, list(NAMES), test=[-1] * 60)
    data, notices = load(tmp_path)
    rule = "ignored the 10 test images, whose labels are all -1 (unknown)"
    assert notices[0] == f"{tmp_path}: {rule}"
    assert {split: len(labels) for split, (_, labels) in data.splits.items()} == {
        "train": 40,
        "test": 10,
    }


def rewrite(file: Path, old: str, new: str) -> Path:
    file.write_text(file.read_text().replace(old, new))
    return file


@pytest.mark.parametrize(
    ("old", "new", "keys"),
    [
        ("files/", "files\\", {}),
        (".png", "", {}),
        ("files/", "", {"folder": "files"}),
    ],
    ids=["separators of Windows", "no endings", "a folder of their own"],
)
def test_paths_as_people_write_them(
    tmp_path: Path, old: str, new: str, keys: dict[str, str]
) -> None:
    expected, _ = load(write_csv(tmp_path))
    data, _ = load(rewrite(tmp_path / "list.csv", old, new), **keys)
    check(data, expected)


def test_cells_may_span_lines(tmp_path: Path) -> None:
    expected, _ = load(write_csv(tmp_path))
    rows = "".join(f'files/{i}.png,{label},"a\nb"\n' for i, label in enumerate(TEXT))
    (tmp_path / "list.csv").write_text("path,label,note\n" + rows)
    check(load(tmp_path / "list.csv")[0], expected)
