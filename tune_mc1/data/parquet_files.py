"""Parquet files of images, as public data sets have them: columns of encoded images and labels."""

import json
import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

from tune_mc1.config.image_files import ImageFiles
from tune_mc1.data.assemble import Part, assemble
from tune_mc1.data.columns import (
    IMAGE_NAMES,
    LABEL_NAMES,
    class_numbers,
    pick_column,
    without_unlabelled,
    without_unused,
)
from tune_mc1.data.decode_image import Encoded, stamp_of
from tune_mc1.data.images import ImageData
from tune_mc1.data.parquet_paths import path_instead
from tune_mc1.data.request import Request
from tune_mc1.data.split_words import SPLIT_WORDS, split_word
from tune_mc1.errors import DataError

_SUBFOLDERS = ("plain_text", "data")  # where Hugging Face keeps the files of a data set


def parquet_files(folder: Path) -> list[Path]:
    """Sorted parquet files of a data set, in the folder or its `plain_text/` or `data/`.

    They may be in folders named after the splits.
    """
    for place in (folder, *(folder / name for name in _SUBFOLDERS)):
        for found in (place.glob("*.parquet"), place.glob("*/*.parquet")):
            nested = [p for p in found if p.parent == place or split_word(p.parent.name)]
            if files := sorted(p for p in nested if not p.name.startswith(".")):
                return files
    return []


def parquet_place(folder: Path) -> Path | None:
    """The folder with a data set's parquet files: a folder itself, or the only one in it.

    The latter is how Hugging Face keeps data sets with a named configuration, as in `mnist/mnist/`.

    Args:
        folder: What the user names.

    Raises:
        DataError: If there are several.
    """
    if parquet_files(folder):
        return folder
    inner = sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    found = [place for place in inner if parquet_files(place)]
    if not found or len(found) < len(inner):
        return None
    if len(found) > 1:
        names = ", ".join(f"{place.name}/" for place in found)
        rule = f"must name one of the folders with parquet files in it, as in `data: {found[0]}`"
        raise DataError(f"{folder}: {rule}; it has {names}")
    return found[0]


def read_parquet(path: Path, request: Request, classes: Sequence[str] = ()) -> ImageData:
    """Reads a parquet file, or a folder of them.

    The split of a file is in its name, such as `train-00000-of-00002.parquet`. Without a file of
    training images, all are; without test images, a sixth of each class becomes the test split.

    Args:
        path: The file or folder, whose name becomes the data set's.
        request: What is wanted.
        classes: Names of the classes; if empty, from the labels or the files' metadata, or `0`,
            `1`, ...

    Raises:
        DataError: Naming the faulty file and row.
    """
    splits = _splits(path, request)
    tables = {split: [_Table(file, request.files) for file in own] for split, own in splits.items()}
    rows = {split: [row for t in own for row in t.labels()] for split, own in tables.items()}
    rows = without_unlabelled(rows, lambda text: request.notify(f"{path}: {text}"))
    names = tuple(classes) or tables["train"][0].class_names()
    labels, names = class_numbers(list(rows.values()), names)
    if not classes:
        labels, names = without_unused(labels, names, lambda t: request.notify(f"{path}: {t}"))
    parts = {
        split: Part([image for table in tables[split] for image in table.images()], numbers)
        for split, numbers in zip(rows, labels, strict=True)
    }
    return assemble(_name(path), path, parts, names, request)


def _splits(path: Path, request: Request) -> dict[str, list[Path]]:
    """Files of each split that has some, training first."""
    files = [path] if path.is_file() else parquet_files(path)
    found: dict[str, list[Path]] = {"train": []}
    unnamed = []
    for file in files:
        split = _split_of(file)
        if path.is_file():
            found["train"].append(file)
        elif split is None:
            unnamed.append(file)
        else:
            found.setdefault(split, []).append(file)
    if unnamed and len(found) == 1 and not found["train"]:
        return {"train": unnamed}
    if not found["train"]:
        other = next(own[0] for own in found.values() if own)
        raise DataError(
            f"{path}: must have training images in files named train*.parquet, as there is "
            f"{other.name}, got {', '.join(f.name for f in unnamed) or 'none'}"
        )
    if unnamed:
        names = ", ".join(file.name for file in unnamed)
        request.notify(f"{path}: ignored, not train*, validation* or test*.parquet: {names}")
    return {split: found[split] for split in SPLIT_WORDS if split in found}


def _split_of(file: Path) -> str | None:
    """The split that a file's name or folder says, if any."""
    for split, words in SPLIT_WORDS.items():
        if file.stem.lower().startswith(words[0]):
            return split
    words = (*re.split(r"[^a-z]+", file.stem.lower()), file.parent.name)
    return next(filter(None, map(split_word, words)), None)


def _name(path: Path) -> str:
    path = path.resolve()
    if path.is_file():
        return path.stem
    return path.parent.name if path.name in _SUBFOLDERS else path.name


class _Table:
    """A parquet file, whose images are read a row group at a time.

    Args:
        file: The file.
        files: The columns that `data:` names.

    Raises:
        DataError: If it is broken, or has no such columns.
    """

    def __init__(self, file: Path, files: ImageFiles) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self.file = file
        try:
            # By Python, as Arrow cannot open files whose name is not UTF-8.
            self._parquet = pq.ParquetFile(file.open("rb"))
        except (pa.ArrowException, OSError) as error:
            raise self._broken(error) from error
        self._schema = self._parquet.schema_arrow
        columns = self._schema.names
        self.image = pick_column("image", files.image, columns, IMAGE_NAMES, file)
        self.label = pick_column("label", files.label, columns, LABEL_NAMES, file)
        self._column = self._checked_types()
        groups = range(self._parquet.num_row_groups)
        self._sizes = [self._parquet.metadata.row_group(g).num_rows for g in groups]
        self._lock = Lock()
        self._cached: dict[int, Any] = {}

    def _broken(self, error: Exception) -> DataError:
        reason = str(error).splitlines()[0]
        return DataError(f"{self.file}: broken or unreadable parquet file: {reason}")

    def _checked_types(self) -> str:
        """The column of encoded bytes, after checks of the types."""
        import pyarrow as pa

        image, label = (self._schema.field(name).type for name in (self.image, self.label))
        in_struct = pa.types.is_struct(image) and image.get_field_index("bytes") >= 0
        encoded = image.field("bytes").type if in_struct else image
        types = pa.types
        kinds = (types.is_binary, types.is_large_binary, types.is_binary_view)
        if not any(is_kind(encoded) for is_kind in kinds):
            rule = "must be encoded images (binary, or struct<bytes: binary>)"
            raise DataError(f"{self.file}: column {self.image}: {rule}, got {image}")
        kind = label.value_type if types.is_dictionary(label) else label
        texts = (types.is_string, types.is_large_string, types.is_string_view, types.is_boolean)
        if not (types.is_integer(kind) or any(is_kind(kind) for is_kind in texts)):
            rule = "must be integers or text"
            raise DataError(f"{self.file}: column {self.label}: {rule}, got {label}")
        return f"{self.image}.bytes" if in_struct else self.image

    def labels(self) -> list[Any]:
        """The labels, integers or text.

        Raises:
            DataError: Naming the row without one.
        """
        import pyarrow as pa

        try:
            values: list[Any] = self._parquet.read(columns=[self.label])[self.label].to_pylist()
        except (pa.ArrowException, OSError) as error:
            raise self._broken(error) from error
        if None in values:
            row = values.index(None)
            kind = "an integer" if "int" in str(self._schema.field(self.label).type) else "text"
            raise DataError(f"{self.file}: row {row}: {self.label} must be {kind}, got null")
        return [str(value).lower() if isinstance(value, bool) else value for value in values]

    def images(self) -> list[Encoded]:
        """The images, which are read when they are decoded."""
        stamp = stamp_of(self.file)
        places = [(g, i) for g, size in enumerate(self._sizes) for i in range(size)]
        return [
            Encoded(f"{self.file}: row {row}", partial(self._bytes, row, *place), f"{stamp}:{row}")
            for row, place in enumerate(places)
        ]

    def _bytes(self, row: int, group: int, place: int) -> bytes:
        with self._lock:
            if group not in self._cached:
                while len(self._cached) >= _GROUPS:
                    self._cached.pop(next(iter(self._cached)))
                self._cached[group] = self._read_group(group)
            content: bytes | None = self._cached[group][place].as_py()
        if content is None:
            instead = path_instead(self._parquet, group, place, self.image)
            rule = f"must be bytes, got null{instead}"
            raise DataError(f"{self.file}: row {row}: {self._column} {rule}")
        return content

    def _read_group(self, group: int) -> Any:
        import pyarrow as pa

        try:
            column = self._parquet.read_row_group(group, columns=[self._column])[self.image]
        except (pa.ArrowException, OSError) as error:
            raise self._broken(error) from error
        whole = column.combine_chunks()
        whole = pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole
        return whole.field("bytes") if pa.types.is_struct(whole.type) else whole

    def class_names(self) -> tuple[str, ...]:
        """Class names from the metadata, if Hugging Face's `datasets` wrote the file."""
        metadata = self._schema.metadata or {}
        try:
            features = json.loads(metadata[b"huggingface"])["info"]["features"]
            names = features[self.label]["names"]
        except (KeyError, TypeError, ValueError):
            return ()
        return tuple(str(name) for name in names)


_GROUPS = 4
"""Row groups that are kept while images are decoded, several threads at a time."""
