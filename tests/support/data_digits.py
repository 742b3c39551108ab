"""scikit-learn's digits (real, 8x8, grey) as a user's own images on disk."""

import io
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image
from sklearn.datasets import load_digits

from tune_mc1.data.images import Labels, Pixels


def digits(count: int = 60) -> tuple[Pixels, Labels]:
    """So many 8x8 images, with the digits 0 to 9 in turn."""
    images, labels = load_digits(return_X_y=True)
    order = np.concatenate([np.flatnonzero(labels == c)[: count // 10] for c in range(10)])
    order = order.reshape(10, -1).T.ravel()
    return (images[order] * 15).astype(np.uint8).reshape(-1, 8, 8), labels[order].astype(np.int64)


def encode(pixels: Pixels, form: str = "PNG") -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, form)
    return stream.getvalue()


def made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_folders(root: Path, split: str = "", count: int = 60) -> Path:
    for i, (image, label) in enumerate(zip(*digits(count), strict=True)):
        (made(root / split / f"digit{label}") / f"{i:03}.png").write_bytes(encode(image))
    return root


def write_parquet(
    file: Path,
    contents: Sequence[bytes | None] | None = None,
    labels: list[int | None] | None = None,
    names: list[str] | None = None,
) -> Path:
    images, own_labels = digits()
    contents = contents or [encode(image) for image in images]
    struct = pa.array([{"bytes": c, "path": f"{i}.png"} for i, c in enumerate(contents)])
    table = pa.table({"img": struct, "label": pa.array(labels or own_labels.tolist(), pa.int64())})
    if names:
        features = {"label": {"names": names, "_type": "ClassLabel"}}
        about = json.dumps({"info": {"features": features}})
        table = table.replace_schema_metadata({"huggingface": about})
    pq.write_table(table, made(file.parent) / file.name)
    return file
