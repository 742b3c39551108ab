"""Images of digits in the forms in which people have data."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.support.data_digits import digits, encode, made

IMAGES, LABELS = digits()
ENCODED = [encode(image) for image in IMAGES]
TEXT = [f"d{label}" for label in LABELS]
STRUCTS = [{"bytes": content, "path": None} for content in ENCODED]


def write_table(file: Path, rows: slice = slice(None), **columns: Any) -> Path:
    made(file.parent)
    table = pa.table({name: values[rows] for name, values in columns.items()})
    pq.write_table(table, file, row_group_size=7)
    return file


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
