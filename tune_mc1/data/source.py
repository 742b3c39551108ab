"""From the word in `data:` to images: `cifar10`, `shapes10`, `auto`, a folder or a parquet file.

Nothing heavy is imported before images are read, so that a wrong word is answered at once.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tune_mc1.errors import DataError, did_you_mean

if TYPE_CHECKING:
    from tune_mc1.data.images import ImageData

NAMES = ("cifar10", "shapes10", "auto")
HOME_VARIABLE = "TUNE_MC1_DATA"


def _to_stderr(message: str) -> None:
    print(message, file=sys.stderr)


def load_data(
    spec: str, *, home: Path | None = None, notify: Callable[[str], None] = _to_stderr
) -> "ImageData":
    """Loads the images that `data:` names.

    Args:
        spec: `cifar10` (on disk, else fetched), `shapes10` (generated), `auto` (CIFAR-10 if it is
            on disk or can be fetched, else shapes10), a folder, or a parquet file.
        home: Where images are kept; else TUNE_MC1_DATA, else a folder in the user's cache.
        notify: Takes what the user should know, such as that `auto` fell back to shapes10.

    Raises:
        DataError: With one line that names what is missing, broken or of the wrong form.
    """
    if problem := check_data_spec(spec, home):
        raise DataError(f"data: {problem}")
    if spec == "shapes10":
        from tune_mc1.data.shapes10 import generate_shapes10

        return generate_shapes10()
    if spec in NAMES:
        return _load_cifar10(home, notify, or_shapes=spec == "auto")
    return _load_path(Path(spec).expanduser(), notify)


def check_data_spec(spec: str, home: Path | None = None) -> str | None:
    """What is wrong with the word in `data:`, without reading any image; None if nothing is.

    Args:
        spec: As in `load_data`.
        home: As in `load_data`.

    Returns:
        `rule, got value`, to stand after `file: data: `.
    """
    if spec in NAMES:
        return None if spec == "shapes10" else _check_home(spec, home)
    path = Path(spec).expanduser()
    rule = f"must be {', '.join(NAMES)}, a folder or a parquet file, got {spec!r}"
    try:
        if path.is_file():
            return None if path.suffix == ".parquet" else f"{rule} (another kind of file)"
        if not path.is_dir():
            return rule + (did_you_mean(spec, NAMES) or " (not there)")
        if not any(p.is_dir() or _is_data_file(p) for p in path.iterdir()):
            return f"{rule} (neither folders nor parquet files in it)"
    except OSError as error:
        return f"{rule} ({error.strerror})"
    return None


def check_data_form(spec: str) -> str | None:
    """What is wrong with the word in `data:` where another machine is to read the images.

    Args:
        spec: As in `load_data`.

    Returns:
        `rule, got value`, to stand after `file: data: `; None if nothing is wrong.
    """
    if spec in NAMES or spec.startswith("/"):
        return None
    return (
        f"must be {', '.join(NAMES)}, or an absolute path that the cluster has, got {spec!r}"
        f"{did_you_mean(spec, NAMES)}"
    )


def _is_data_file(path: Path) -> bool:
    return path.suffix == ".parquet" or path.name.startswith("data_batch_")


def data_home(home: Path | None = None) -> Path:
    """The folder where images are kept, whether or not it exists.

    Args:
        home: The folder, if the caller knows better.

    Raises:
        DataError: If there is no such folder: neither the variable nor a home directory.
    """
    if home is not None:
        return home
    if named := os.environ.get(HOME_VARIABLE):
        return Path(named).expanduser()
    if cache := os.environ.get("XDG_CACHE_HOME"):
        return Path(cache, "tune_mc1")
    try:
        return Path.home() / ".cache" / "tune_mc1"
    except RuntimeError as error:
        raise DataError(
            f"{HOME_VARIABLE}: must name a folder for images, as there is no home directory"
        ) from error


def _check_home(spec: str, home: Path | None) -> str | None:
    try:
        folder = data_home(home)
        if folder.exists() and not folder.is_dir():
            return f"{HOME_VARIABLE} must name a folder, got {str(folder)!r}"
        if folder.is_dir():
            os.scandir(folder).close()
    except OSError as error:
        return f"{HOME_VARIABLE} must name a folder that can be read: {error}"
    except DataError as error:
        return None if spec == "auto" else str(error)
    return None


def _load_cifar10(
    home: Path | None, notify: Callable[[str], None], *, or_shapes: bool
) -> "ImageData":
    from tune_mc1.data.cifar10 import find_cifar10, read_cifar10
    from tune_mc1.data.download import download_cifar10

    try:
        folder = data_home(home)
        copy = find_cifar10(folder) or download_cifar10(folder, notify)
    except DataError as error:
        if not or_shapes:
            raise DataError(
                f"data: cifar10 is neither on disk nor to be had ({error}); {HOME_VARIABLE} can "
                "name a folder that holds it, and 'data: shapes10' needs none"
            ) from error
        notify(
            f"NOTICE: no CIFAR-10 ({error}). These results are for shapes10, GENERATED pictures of "
            f"ten shapes, not photographs. {HOME_VARIABLE} can name a folder that holds CIFAR-10."
        )
        return load_data("shapes10")
    return read_cifar10(copy, notify)


def _load_path(path: Path, notify: Callable[[str], None]) -> "ImageData":
    from tune_mc1.data.cifar10 import find_batches, read_cifar10
    from tune_mc1.data.folders import read_folders
    from tune_mc1.data.parquet import parquet_files, read_parquet

    if batches := find_batches(path):
        return read_cifar10(batches, notify)
    if path.is_file() or parquet_files(path):
        return read_parquet(path, notify)
    return read_folders(path, notify)
