"""CSV files with paths of images and their labels."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from glob import escape
from pathlib import Path
from typing import NamedTuple

from tune_mc1.data.assemble import Part, assemble
from tune_mc1.data.columns import LABEL_NAMES, PATH_NAMES, class_numbers, pick_column
from tune_mc1.data.decode_image import Encoded
from tune_mc1.data.image_folders import IMAGE_SUFFIXES
from tune_mc1.data.images import ImageData
from tune_mc1.data.request import Request
from tune_mc1.data.split_words import SPLIT_WORDS, split_word
from tune_mc1.errors import DataError

SPLIT_NAMES = ("split", "subset")
"""Usual names of a column with the split of each image."""


class Row(NamedTuple):
    """A row of a table.

    Attributes:
        line: Number of its last line in the file, from 1.
        cells: Its cells by column.
    """

    line: int
    cells: Mapping[str, str]


def read_csv(file: Path, request: Request) -> ImageData:
    """Reads the images that a CSV file lists, with a header.

    Paths are relative to the file, or to `folder` of `data:`. They may leave out the ending of the
    images, and have the separators of Windows.

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
    paths = _paths(file, rows, image, request.files.folder)
    in_split: dict[str, list[int]] = {}
    for i, row in enumerate(rows):
        in_split.setdefault(_split_of(file, row, split), []).append(i)
    if "train" not in in_split:
        raise DataError(f"{file}: must have rows with train in column {split}, got none")
    found = [name for name in SPLIT_WORDS if name in in_split]
    texts = [[_cell(file, rows[i], label) for i in in_split[name]] for name in found]
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
    lines = csv.reader(io.StringIO(text), delimiter=separator)
    try:
        columns = [name.strip() for name in next(lines, [])]
        if len(set(columns)) < len(columns):
            rule = f"must have a header with distinct names, got {head.strip()!r}"
            raise DataError(f"{file}: {rule}")
        numbered = ((lines.line_num, cells) for cells in lines)
        return columns, list(_rows(file, columns, numbered))
    except csv.Error as error:
        raise DataError(f"{file}: cannot be read as CSV: {error}") from error


def _rows(
    file: Path, columns: Sequence[str], lines: Iterator[tuple[int, list[str]]]
) -> Iterator[Row]:
    for line, cells in lines:
        if not cells:
            continue
        if len(cells) != len(columns):
            rule = f"must have {len(columns)} cells as the header, got {len(cells)}"
            raise DataError(f"{file}:{line}: {rule}")
        yield Row(line, dict(zip(columns, map(str.strip, cells), strict=True)))


def _paths(file: Path, rows: Sequence[Row], column: str, folder: str | None) -> list[Path]:
    """Paths of all images, which are there."""
    if not rows:
        raise DataError(f"{file}: must have images, got none")
    base = file.parent / Path(folder or "").expanduser()
    paths = [_path(base, _cell(file, row, column)) for row in rows]
    missing = [path for path in paths if not path.is_file()]
    if missing and (ending := _left_out(missing[0])):
        paths = [path if path.is_file() else Path(f"{path}{ending}") for path in paths]
        missing = [path for path in paths if not path.is_file()]
    if missing:
        hint = "" if folder else _elsewhere(file, missing[0])
        raise DataError(
            f"{file}: {len(missing):,} of {len(paths):,} images are missing, such as "
            f"{', '.join(map(str, missing[:3]))}{hint}"
        )
    return paths


def _path(base: Path, written: str) -> Path:
    path = base / written
    if "\\" in written and not path.is_file():  # a table that was made on Windows
        return base / written.replace("\\", "/")
    return path


def _left_out(path: Path) -> str:
    """The ending of the only image with a name that a table leaves it out of; empty for others."""
    if path.suffix.lower() in IMAGE_SUFFIXES:
        return ""
    near = path.parent.glob(f"{escape(path.name)}.*")
    found = [p.name.removeprefix(path.name) for p in near if p.is_file()]
    endings = [ending for ending in found if ending.lower() in IMAGE_SUFFIXES]
    return endings[0] if len(endings) == 1 else ""


def _elsewhere(file: Path, missing: Path) -> str:
    """A hint where a folder beside the table has the first missing image."""
    near = sorted(file.parent.glob(f"*/{escape(missing.name)}*"))
    found = [p for p in near if missing.name in (p.name, p.stem) and p.is_file()]
    if not found:
        return ""
    folder = found[0].parent.name
    return f"; {found[0]} is there: `data: {{path: {file}, folder: {folder}}}`"


def _cell(file: Path, row: Row, column: str) -> str:
    if not row.cells[column]:
        raise DataError(f"{file}:{row.line}: {column} must not be empty")
    return row.cells[column]


def _split_of(file: Path, row: Row, column: str | None) -> str:
    if column is None:
        return "train"
    split = split_word(row.cells[column])
    if split is None:
        rule = f"{column} must be train, val or test, got {row.cells[column]!r}"
        raise DataError(f"{file}:{row.line}: {rule}")
    return split
