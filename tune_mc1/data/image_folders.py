"""Images in folders: one directory per class, optionally below `train/` and `test/`."""

import os
from pathlib import Path

import numpy as np

from tune_mc1.data.assemble import Notify, Part, assemble
from tune_mc1.data.decode import Encoded
from tune_mc1.data.images import ImageData
from tune_mc1.errors import DataError

_SUFFIXES = frozenset(
    {".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)


def read_folders(root: Path, notify: Notify) -> ImageData:
    """Reads a folder with one directory per class.

    Classes are in the order of their names. Without `test/`, a sixth of each class becomes the test
    split.

    Args:
        root: The folder.
        notify: Called with each notice for the user.

    Raises:
        DataError: Naming the faulty file or folder.
    """
    try:
        return _read(root, notify)
    except OSError as error:
        raise DataError(f"{error.filename}: cannot be read: {error.strerror}") from error


def _read(root: Path, notify: Notify) -> ImageData:
    train = root / "train" if (root / "train").is_dir() else root
    test = root / "test" if train != root and (root / "test").is_dir() else None
    classes = [folder.name for folder in subfolders(train)]
    if not classes:
        raise DataError(f"{train}: must have one folder per class, got none")
    if test and (unknown := {f.name for f in subfolders(test)} - set(classes)):
        raise DataError(f"{test / min(unknown)}: must be a class of {train}, got {min(unknown)!r}")
    skipped: list[Path] = []
    parts = [_read_part(split, classes, skipped) for split in (train, test) if split]
    if skipped:
        notify(f"{root}: ignored {len(skipped)} files that are not images, such as {skipped[0]}")
    return assemble(root.resolve().name, root, parts, tuple(classes), notify)


def subfolders(folder: Path) -> list[Path]:
    """Subdirectories of a folder by name, without hidden ones."""
    return sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))


def _read_part(split: Path, classes: list[str], skipped: list[Path]) -> Part:
    images: list[Encoded] = []
    counts = []
    for name in classes:
        files = _files(split / name)
        skipped += (p for p in files if p.suffix.lower() not in _SUFFIXES)
        mine = [Encoded(str(p), p) for p in files if p.suffix.lower() in _SUFFIXES]
        images += mine
        counts.append(len(mine))
    return Part(images, np.repeat(np.arange(len(classes)), counts))


def _files(folder: Path) -> list[Path]:
    """All files below a folder, sorted, without hidden ones; none if it does not exist."""

    def fail(error: OSError) -> None:  # by default, os.walk skips unreadable folders
        raise error

    if not folder.is_dir():
        return []
    tree = os.walk(folder, onerror=fail, followlinks=True)
    files = (Path(place, name) for place, _, names in tree for name in names)
    return sorted(p for p in files if not p.name.startswith("."))
