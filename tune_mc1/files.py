"""Files: replaced whole or not at all, names in UTF-8, URLs, sweep files that are shipped."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PACKAGE = Path(__file__).parent
"""The package's own directory."""

INSTALLED_CONFIGS = "_configs"
"""Folder of the package that has `configs/` where it is installed."""


def shipped(name: str) -> Path | None:
    """A sweep file that comes with the package: `configs/` of a checkout, else of the wheel.

    Args:
        name: Its name below `configs`, such as `studies/adam.yaml`, or `.` for all of them.
    """
    places = (PACKAGE.parent / "configs" / name, PACKAGE / INSTALLED_CONFIGS / name)
    return next((path for path in places if path.exists()), None)


def as_url(place: Path | str) -> str | None:
    """The URL that a text or path is; None if it is a file's name.

    Args:
        place: What the user wrote; a path, which has no double slash, will do.
    """
    match = re.fullmatch(r"([A-Za-z][A-Za-z0-9+.-]+):/*(|(?<=/).*)", str(place), re.DOTALL)
    return f"{match[1].lower()}://{match[2]}" if match else None


def utf8(name: str) -> str:
    """The name of a file, with a mark for each byte in it that is no UTF-8."""
    return os.fsencode(name).decode("utf-8", "replace")


def directory_name(text: str) -> str:
    """A text that people wrote as a part of a directory's name.

    Args:
        text: Such as a sweep's name.
    """
    name = re.sub(r"[/\x00-\x1f\x7f]", "_", text).lstrip(".")
    return utf8(name).encode()[:100].decode(errors="ignore") or "sweep"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives a path aside to write to, which replaces `path` once it is safely on the disk.

    On an error the file aside is removed and `path` stays as it was.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield aside
        with aside.open("rb") as file:
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
