"""NumPy archives of images and labels, as MedMNIST and Keras have them."""

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tune_mc1.data.assemble import assemble_arrays
from tune_mc1.data.images import ImageData, Labels, Pixels
from tune_mc1.data.request import Notify
from tune_mc1.errors import DataError

KEYS = {
    split: ((f"{split}_images", f"{split}_labels"), (f"x_{split}", f"y_{split}"))
    for split in ("train", "val", "test")
}
"""Names of the arrays of each split: MedMNIST's and Keras's."""


def read_npz(file: Path, notify: Notify) -> ImageData:
    """Reads an archive with arrays of images (N, height, width[, channels]) and of labels.

    Args:
        file: The file, whose name becomes the data set's.
        notify: Called with each notice for the user.

    Raises:
        DataError: Naming the faulty array.
    """
    try:
        with np.load(file, allow_pickle=False) as archive:
            arrays = _arrays(file, archive)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise DataError(f"{file}: broken or unreadable NumPy archive: {reason}") from error
    return assemble_arrays(file.resolve().stem, file, arrays, (), notify)


def _arrays(file: Path, archive: Mapping[str, NDArray[Any]]) -> dict[str, tuple[Pixels, Labels]]:
    if not hasattr(archive, "keys"):
        raise DataError(f"{file}: must be an archive of several arrays (.npz)")
    found = {}
    for split, choices in KEYS.items():
        for images, labels in choices:
            if images in archive and labels in archive:
                found[split] = _images(file, images, archive), _labels(file, labels, archive)
                count, given = len(found[split][0]), len(found[split][1])
                if count != given:
                    rule = f"must have a label for each of the {count:,} images in {images}"
                    raise DataError(f"{file}: {labels}: {rule}, got {given:,}")
                break
    if "train" not in found:
        rule = "must have the arrays train_images and train_labels, or x_train and y_train"
        raise DataError(f"{file}: {rule}, got {', '.join(archive) or 'none'}")
    shapes = {split: images.shape[1:] for split, (images, _) in found.items()}
    if len(set(shapes.values())) > 1:
        raise DataError(f"{file}: must have images of one size in all splits, got {shapes}")
    return found


def _images(file: Path, name: str, archive: Mapping[str, NDArray[Any]]) -> Pixels:
    images = archive[name]
    if images.ndim == 3:
        images = images[..., None]
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] not in (1, 3):
        rule = "must be uint8 (N, height, width), or with 1 or 3 channels last"
        raise DataError(f"{file}: {name}: {rule}, got {images.dtype} {archive[name].shape}")
    return np.ascontiguousarray(images)


def _labels(file: Path, name: str, archive: Mapping[str, NDArray[Any]]) -> Labels:
    labels = archive[name]
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        rule = "must have one whole number for each image"
        raise DataError(f"{file}: {name}: {rule}, got {labels.dtype} {labels.shape}")
    return labels.astype(np.int64)
