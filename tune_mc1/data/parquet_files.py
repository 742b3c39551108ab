"""Parquet files of images, in the public CIFAR-10 schema: `img: struct<bytes, path>`, `label`."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tune_mc1.data.assemble import Notify, Part, assemble
from tune_mc1.data.decode import Encoded
from tune_mc1.data.images import ImageData, Labels
from tune_mc1.errors import DataError

_SUBFOLDERS = ("plain_text", "data")  # where Hugging Face keeps the files of a data set
_SCHEMA = "must have the columns img: struct<bytes: binary, path: string> and label: int64"


def parquet_files(folder: Path) -> list[Path]:
    """Sorted parquet files of a data set, in the folder or its `plain_text/` or `data/`."""
    for place in (folder, *(folder / name for name in _SUBFOLDERS)):
        if files := sorted(p for p in place.glob("*.parquet") if not p.name.startswith(".")):
            return files
    return []


def read_parquet(path: Path, notify: Notify, classes: Sequence[str] = ()) -> ImageData:
    """Reads a parquet file, or a folder of them.

    Files whose names start with `train` and `test` are those splits. Without such files, all images
    are training images, and a sixth of each class becomes the test split.

    Args:
        path: The file or folder, whose name becomes the data set's.
        notify: Called with each notice for the user.
        classes: Names of the classes; if empty, from the files' metadata, or `0`, `1`, ...

    Raises:
        DataError: Naming the faulty file and row.
    """
    files = [path] if path.is_file() else parquet_files(path)
    train = [f for f in files if f.name.startswith("train")] or files
    test = [f for f in files if f.name.startswith("test") and f not in train]
    if ignored := [f.name for f in files if f not in train + test]:
        notify(f"{path}: ignored, not train*.parquet or test*.parquet: {', '.join(ignored)}")
    parts = [_read_part(some) for some in (train, test) if some]
    names = tuple(classes) or _class_names(train[0])
    return assemble(_name(path), path, parts, names, notify)


def _name(path: Path) -> str:
    path = path.resolve()
    if path.is_file():
        return path.stem
    return path.parent.name if path.name in _SUBFOLDERS else path.name


def _read_part(files: list[Path]) -> Part:
    images: list[Encoded] = []
    labels: list[Labels] = []
    for file in files:
        table = _read_table(file)
        images += _encoded(table["img"], file)
        labels.append(table["label"].to_numpy().astype(np.int64))
    return Part(images, np.concatenate(labels))


def _read_table(file: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        content = file.read_bytes()  # Arrow cannot open files whose name is not UTF-8
        schema = pq.read_schema(pa.BufferReader(content))
        img = schema.field("img").type if "img" in schema.names else None
        label = schema.field("label").type if "label" in schema.names else None
        if (
            img is None
            or label is None
            or not pa.types.is_struct(img)
            or img.get_field_index("bytes") < 0
            or not pa.types.is_binary(img.field("bytes").type)
            or not pa.types.is_integer(label)
        ):
            found = ", ".join(f"{field.name}: {field.type}" for field in schema)
            raise DataError(f"{file}: {_SCHEMA}, got {found}")
        table = pq.ParquetFile(pa.BufferReader(content)).read(columns=["img.bytes", "label"])
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{file}: broken or unreadable parquet file: {reason}") from error
    if table["label"].null_count:
        row = table["label"].to_pylist().index(None)
        raise DataError(f"{file}: row {row}: label must be an integer, got null")
    return table


def _encoded(column: Any, file: Path) -> list[Encoded]:
    contents = [c for chunk in column.chunks for c in chunk.field("bytes").to_pylist()]
    if None in contents:
        raise DataError(f"{file}: row {contents.index(None)}: img.bytes must be bytes, got null")
    return [Encoded(f"{file}: row {row}", content) for row, content in enumerate(contents)]


def _class_names(file: Path) -> tuple[str, ...]:
    """Class names from the schema, if Hugging Face's `datasets` wrote the file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    metadata = pq.read_schema(pa.BufferReader(file.read_bytes())).metadata or {}
    try:
        names = json.loads(metadata[b"huggingface"])["info"]["features"]["label"]["names"]
    except (KeyError, TypeError, ValueError):
        return ()
    return tuple(str(name) for name in names)
