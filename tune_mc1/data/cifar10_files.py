"""Files of CIFAR-10 (Krizhevsky, Learning multiple layers of features from tiny images, 2009)."""

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tune_mc1.data.images import ImageData, Labels, Pixels
from tune_mc1.data.parquet_files import parquet_files, read_parquet
from tune_mc1.data.request import Request
from tune_mc1.errors import DataError

BATCHES_FOLDER = "cifar-10-batches-py"
CLASSES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)


def find_cifar10(home: Path) -> Path | None:
    """The local copy: `cifar-10-batches-py` or a folder with parquet files.

    Args:
        home: The copy itself, or a folder that contains it: the original has priority, then parquet
            folders whose names start with `cifar10` or `cifar-10`, by name.
    """
    if batches := find_batches(home):
        return batches
    if not home.is_dir():
        return None
    below = sorted(p for p in home.iterdir() if p.name.startswith(("cifar10", "cifar-10")))
    return next((p for p in (home, *below) if p.is_dir() and parquet_files(p)), None)


def find_batches(folder: Path) -> Path | None:
    """The folder with the original files (torchvision's layout): this one, or the one below it."""
    places = (folder, folder / BATCHES_FOLDER)
    return next((p for p in places if p.name == BATCHES_FOLDER and p.is_dir()), None)


def read_cifar10(folder: Path, request: Request) -> ImageData:
    """Reads a copy that `find_cifar10` found.

    The data set's name is `cifar10` for the original files, and the folder's name for parquet
    files, as those may contain re-encoded images.

    Raises:
        DataError: If the files are broken, or are not CIFAR-10.
    """
    if folder.name == BATCHES_FOLDER:
        return read_batches(folder)
    data = read_parquet(folder, replace(request, image_size=None), classes=CLASSES)
    if data.image_shape != (3, 32, 32):
        channels, height, width = data.image_shape
        raise DataError(
            f"{folder}: CIFAR-10 must have 3 channels of 32x32, got {channels} of {width}x{height}"
        )
    return data


def read_batches(folder: Path) -> ImageData:
    """Reads the original pickle files, accepting nothing but arrays, lists and text.

    Raises:
        DataError: If a file is missing, broken or malformed.
    """
    train = [_read_batch(folder / f"data_batch_{i}") for i in range(1, 6)]
    images, labels = (np.concatenate(arrays) for arrays in zip(*train, strict=True))
    return ImageData.build("cifar10", (images, labels), _read_batch(folder / "test_batch"), CLASSES)


def _read_batch(file: Path) -> tuple[Pixels, Labels]:
    try:
        with file.open("rb") as stream:
            batch: Any = _ArrayUnpickler(stream, encoding="bytes").load()
        rows, labels = batch[b"data"], np.asarray(batch[b"labels"], np.int64)
    except OSError as error:
        raise DataError(f"{file}: cannot be read: {error.strerror}") from error
    except Exception as error:  # damaged pickles raise all kinds of errors
        raise DataError(f"{file}: broken or truncated CIFAR-10 file: {error}") from error
    if (
        not isinstance(rows, np.ndarray)
        or rows.dtype != np.uint8
        or rows.shape != (len(labels), 3 * 32 * 32)
    ):
        shape = getattr(rows, "shape", type(rows).__name__)
        raise DataError(f"{file}: data must be uint8 ({len(labels)}, 3072), got {shape}")
    if len(wrong := labels[(labels < 0) | (labels >= len(CLASSES))]):
        raise DataError(f"{file}: labels must be in 0 to 9, got {wrong[0]}")
    # The file has one row per image, channel after channel.
    return np.ascontiguousarray(rows.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)), labels


class _ArrayUnpickler(pickle.Unpickler):
    """Unpickles only NumPy arrays and plain values; anything else could run foreign code."""

    _allowed = frozenset(
        {
            ("numpy._core.multiarray", "_reconstruct"),
            ("numpy._core.numeric", "_frombuffer"),
            ("numpy", "ndarray"),
            ("numpy", "dtype"),
            ("_codecs", "encode"),
        }
    )

    def find_class(self, module: str, name: str) -> Any:
        module = module.replace("numpy.core.", "numpy._core.")  # the name before NumPy 2
        if (module, name) not in self._allowed:
            raise pickle.UnpicklingError(f"{module}.{name} is not part of an array")
        return super().find_class(module, name)
