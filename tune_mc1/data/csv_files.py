"""CSV files with paths of images and their labels."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tune_mc1.data.assemble import Part, assemble
from tune_mc1.data.columns import LABEL_NAMES, PATH_NAMES, class_numbers, pick_column
from tune_mc1.data.decode_image import Encoded
from tune_mc1.data.images import ImageData
from tune_mc1.data.request import Request
from tune_mc1.data.split_words import SPLIT_WORDS, split_word
from tune_mc1.errors import DataError

SPLIT_NAMES = ("split", "subset")
"""Usual names of a column with the split of each image."""

Row = Mapping[str, str]


def read_csv(file: Path, request: Request) -> ImageData:
    """Reads the images that a CSV file lists, with a header; paths are relative to the file.

    A column `split` may say `train`, `val` or `test` for each image. Labels are names of classes:
    numbers are in the order of their values, text in alphabetical order.

    Args:
        file: The file, separated by commas, semicolons or tabs.
        request: What is wanted.

    Raises:
        DataError: Naming the faulty row, or how many images are missing.
    """
    columns, rows = _read(file)
    image = pick_column("image", request.files.image, columns, PATH_NAMES, file)
    label = pick_column("label", request.files.label, columns, LABEL_NAMES, file)
    split = next((name for name in columns if name.lower() in SPLIT_NAMES), None)
    paths = _paths(file, rows, image)
    in_split: dict[str, list[int]] = {}
    for i, row in enumerate(rows):
        in_split.setdefault(_split_of(file, i, row, split), []).append(i)
    if "train" not in in_split:
        raise DataError(f"{file}: must have rows with train in column {split}, got none")
    found = [name for name in SPLIT_WORDS if name in in_split]
    texts = [[_cell(file, i, rows[i], label) for i in in_split[name]] for name in found]
    labels, classes = class_numbers(texts)
    parts = {
        name: Part([Encoded(str(paths[i]), paths[i]) for i in in_split[name]], numbers)
        for name, numbers in zip(found, labels, strict=True)
    }
    return assemble(file.resolve().stem, file, parts, classes, request)


def _read(file: Path) -> tuple[list[str], list[Row]]:
    """Names of the columns, and the rows."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file}: cannot be read as text in UTF-8: {error}") from error
    head = text.partition("\n")[0]
    separator = max("\t;,", key=head.count)
    lines = csv.reader(text.splitlines(), delimiter=separator)
    columns = [name.strip() for name in next(lines, [])]
    if len(set(columns)) < len(columns):
        raise DataError(f"{file}: must have a header with distinct names, got {head.strip()!r}")
    return columns, list(_rows(file, columns, lines))


def _rows(file: Path, columns: Sequence[str], lines: Iterator[list[str]]) -> Iterator[Row]:
    for number, cells in enumerate(lines, 2):
        if not cells:
            continue
        if len(cells) != len(columns):
            rule = f"must have {len(columns)} cells as the header, got {len(cells)}"
            raise DataError(f"{file}:{number}: {rule}")
        yield dict(zip(columns, map(str.strip, cells), strict=True))


def _paths(file: Path, rows: Sequence[Row], column: str) -> list[Path]:
    """Paths of all images, which are there."""
    if not rows:
        raise DataError(f"{file}: must have images, got none")
    paths = [file.parent / _cell(file, i, row, column) for i, row in enumerate(rows)]
    missing = [path for path in paths if not path.is_file()]
    if missing:
        raise DataError(
            f"{file}: {len(missing):,} of {len(paths):,} images are missing, such as "
            f"{', '.join(map(str, missing[:3]))}"
        )
    return paths


def _cell(file: Path, index: int, row: Row, column: str) -> str:
    if not row[column]:
        raise DataError(f"{file}: row {index}: {column} must not be empty")
    return row[column]


def _split_of(file: Path, index: int, row: Row, column: str | None) -> str:
    if column is None:
        return "train"
    split = split_word(row[column])
    if split is None:
        rule = f"{column} must be train, val or test, got {row[column]!r}"
        raise DataError(f"{file}: row {index}: {rule}")
    return split
