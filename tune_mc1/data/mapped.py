"""Decoded images in a file that is mapped into memory, for sets that do not fit there.

A cache is a folder with the pixels of all splits in one file, and a description. It is written
once, is in place whole or not at all, and can be deleted at any time between sweeps.
"""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tune_mc1.data.images import Pixels
from tune_mc1.errors import DISK_FULL, DataError
from tune_mc1.file_lock import locked
from tune_mc1.files import directory_name

CACHE_VARIABLE = "TUNE_MC1_CACHE"
FOLDER = "decoded"
_PIXELS, _ABOUT = "images.bin", "about.json"
_SAMPLES = 64
"""Images whose hash tells whether a file has the images of its description."""


def cache_home() -> Path:
    """The folder of caches, whether or not it exists.

    Raises:
        DataError: If neither the variable nor a home directory is set.
    """
    if named := os.environ.get(CACHE_VARIABLE):
        return Path(named).expanduser() / FOLDER
    if cache := os.environ.get("XDG_CACHE_HOME"):
        return Path(cache, "tune_mc1", FOLDER)
    try:
        return Path.home() / ".cache" / "tune_mc1" / FOLDER
    except RuntimeError as error:
        rule = "must name a folder for decoded images, as there is no home directory"
        raise DataError(f"{CACHE_VARIABLE}: {rule}") from error


@dataclass(frozen=True)
class MappedFile:
    """A cache of decoded images.

    Attributes:
        folder: Its folder.
        key: Hash of what was decoded, and how.
        shape: Number of images, height, width, channels.
        sample: Hash of some of the images.
        fingerprint: That of the data set (`ImageData.fingerprint`).
    """

    folder: Path
    key: str
    shape: tuple[int, int, int, int]
    sample: str
    fingerprint: str

    @property
    def pixels(self) -> Path:
        """The file with the images."""
        return self.folder / _PIXELS

    @property
    def size(self) -> int:
        """Bytes of the images."""
        return int(np.prod(self.shape, dtype=np.int64))

    def map(self) -> Pixels:
        """The images, read-only, mapped into memory.

        Raises:
            DataError: If the file does not have the images of the description.
        """
        try:
            whole = self.pixels.stat().st_size == self.size
            images = np.memmap(self.pixels, np.uint8, "r", shape=self.shape) if whole else None
        except OSError as error:
            raise DataError(f"{self.pixels}: cannot be read: {error.strerror}") from error
        if images is None or sample_of(images) != self.sample:
            raise self.of_others()
        return images

    def of_others(self) -> DataError:
        """The error of a folder that holds other images."""
        rule = "must be a cache of these images, got others or damaged ones; delete the folder"
        return DataError(f"{self.folder}: {rule}")

    def write_about(self) -> None:
        """Writes the description."""
        about = {"key": self.key, "shape": self.shape, "sample": self.sample}
        text = json.dumps(about | {"fingerprint": self.fingerprint}, indent=2)
        (self.folder / _ABOUT).write_text(text + "\n")


def find_mapped(name: str, key: str, home: Path | None = None) -> MappedFile | None:
    """The cache with a key, if there is one.

    Args:
        name: Name of the data set.
        key: Hash of what is decoded, and how.
        home: Folder of caches; None for the default.

    Raises:
        DataError: If it is a cache of other images.
    """
    folder = _folder(name, key, home or cache_home())
    if not folder.is_dir():
        return None
    try:
        about = json.loads((folder / _ABOUT).read_text())
        found = MappedFile(
            folder, about["key"], tuple(about["shape"]), about["sample"], about["fingerprint"]
        )
    except (OSError, ValueError, KeyError, TypeError):
        found = MappedFile(folder, "", (0, 0, 0, 0), "", "")
    if found.key != key:
        raise found.of_others()
    return found


def make_mapped(
    name: str,
    key: str,
    write: Callable[[Callable[[tuple[int, ...]], Pixels]], Pixels],
    fingerprint_of: Callable[[Pixels], str],
    home: Path | None = None,
) -> MappedFile:
    """Makes a cache, unless another process has made it meanwhile.

    Args:
        name: Name of the data set.
        key: Hash of what is decoded, and how.
        write: Fills the array that it gets for a shape from its argument; returns the array.
        fingerprint_of: Gives the fingerprint of the data set with these images.
        home: Folder of caches; None for the default.

    Raises:
        DataError: If it cannot be written, or there is no room for it.
    """
    home = home or cache_home()
    folder = _folder(name, key, home)
    with _writing(home, folder.name):
        found = find_mapped(name, key, home)
        if found is not None:
            return found
        partial = home / f".{folder.name}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        try:
            images = write(lambda shape: _allocate(partial / _PIXELS, shape))
            shape = (images.shape[0], images.shape[1], images.shape[2], images.shape[3])
            made = MappedFile(partial, key, shape, sample_of(images), fingerprint_of(images))
            made.write_about()
            partial.rename(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return MappedFile(folder, key, shape, made.sample, made.fingerprint)


@contextmanager
def _writing(home: Path, name: str) -> Iterator[None]:
    try:
        home.mkdir(parents=True, exist_ok=True)
        with locked(home / f".{name}.lock", wait=True):
            yield
    except OSError as error:
        if error.errno in DISK_FULL:
            raise _full(home, 0) from error
        rule = f"cannot be written: {error.strerror}; set {CACHE_VARIABLE} to another folder"
        raise DataError(f"{home}: {rule}") from error


def _folder(name: str, key: str, home: Path) -> Path:
    return home / f"{directory_name(name)}-{key[:12]}"


def _allocate(file: Path, shape: tuple[int, ...]) -> Pixels:
    """An array in a file whose room on the disk is taken: else a full disk would kill the process.

    Raises:
        DataError: If there is no room.
    """
    size = int(np.prod(shape, dtype=np.int64))
    if shutil.disk_usage(file.parent).free < size:
        raise _full(file.parent.parent, size)
    with file.open("wb") as stream:
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(stream.fileno(), 0, size)
            else:
                stream.truncate(size)
        except OSError as error:
            if error.errno in (*DISK_FULL, errno.EFBIG):
                raise _full(file.parent.parent, size) from error
            raise
    return np.memmap(file, np.uint8, "r+", shape=shape)


def _full(home: Path, size: int) -> DataError:
    free = shutil.disk_usage(home).free
    return DataError(
        f"{home}: needs {in_gigabytes(size)} for decoded images, and the disk has "
        f"{in_gigabytes(free)} left; set {CACHE_VARIABLE} to a folder on another disk"
    )


def in_gigabytes(size: int) -> str:
    """A number of bytes for people."""
    return f"{size / 1e9:,.1f} GB" if size >= 1e8 else f"{size / 1e6:,.1f} MB"


def sample_of(images: Pixels) -> str:
    """Hash of some of the images, from the first to the last."""
    chosen = np.linspace(0, len(images) - 1, min(_SAMPLES, len(images))).astype(np.int64)
    digest = hashlib.sha256(str(images.shape).encode())
    for i in chosen:
        digest.update(np.ascontiguousarray(images[i]).data)
    return digest.hexdigest()[:16]
