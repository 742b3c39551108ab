"""File helpers: atomic replacement, UTF-8 names, URLs, bundled sweep files."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PACKAGE = Path(__file__).parent
"""Directory of the package."""

INSTALLED_CONFIGS = "_configs"
"""Subdirectory of an installed package that holds the contents of `configs/`."""


def shipped(name: str) -> Path | None:
    """Finds a sweep file bundled with the package: in `configs/` of a checkout, else in the wheel.

    Args:
        name: Path relative to `configs`, such as `studies/adam.yaml`; `.` is the directory itself.
    """
    places = (PACKAGE.parent / "configs" / name, PACKAGE / INSTALLED_CONFIGS / name)
    return next((path for path in places if path.exists()), None)


def as_url(place: Path | str) -> str | None:
    """Returns a string or path as a normalised URL; None if it is a local path.

    Args:
        place: The user's input; may be a Path, in which the double slash is lost.
    """
    match = re.fullmatch(r"([A-Za-z][A-Za-z0-9+.-]+):/*(|(?<=/).*)", str(place), re.DOTALL)
    return f"{match[1].lower()}://{match[2]}" if match else None


def utf8(name: str) -> str:
    """Returns a file name with a replacement character for each byte that is not valid UTF-8."""
    return os.fsencode(name).decode("utf-8", "replace")


def directory_name(text: str) -> str:
    """Turns free text into part of a directory name.

    Args:
        text: Free text, such as the name of a sweep.
    """
    name = re.sub(r"[/\x00-\x1f\x7f]", "_", text).lstrip(".")
    return utf8(name).encode()[:100].decode(errors="ignore") or "sweep"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yields a temporary path that replaces `path` once it has been written and synced to disk.

    On an error the temporary file is removed and `path` is left unchanged.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def link(path: Path, new: Path) -> None:
    """Makes `new` a hard link to `path`, for files that are replaced and never overwritten."""
    aside = new.with_name(f".{new.name}.{os.getpid()}.tmp")
    aside.unlink(missing_ok=True)
    try:
        aside.hardlink_to(path)
    except OSError:  # not every file system has hard links
        shutil.copyfile(path, aside)
    aside.replace(new)
