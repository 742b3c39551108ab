"""Whether results can be written to a directory, found out before anything starts."""

import os
import re
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile

from tune_mc1.errors import InputError


def as_url(place: Path | str) -> str | None:
    """The URL that a text or path is; None if it is a file's name.

    Args:
        place: What the user wrote; a path, which has no double slash, will do.
    """
    match = re.fullmatch(r"([A-Za-z][A-Za-z0-9+.-]+):/*(|(?<=/).*)", str(place), re.DOTALL)
    return f"{match[1].lower()}://{match[2]}" if match else None


def check_storage(parent: Path, field: str) -> None:
    """Writes a nameless file to a directory, and leaves everything as it was.

    Args:
        parent: The directory, which need not be there yet.
        field: Where the user named it, for the message.

    Raises:
        InputError: If nothing can be written there.
    """
    if url := as_url(parent):
        raise InputError(f"{field}: must be a directory, got {url!r}")
    if utf8(where := str(parent.absolute())) != where:
        raise InputError(f"{field}: must be UTF-8, which Ray and W&B need, got {where!r}")
    made: list[Path] = []
    try:
        made += (path for path in (parent, *parent.parents) if not path.exists())
        parent.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=parent) as file:
            file.write(b"results")
    except FileExistsError:
        raise InputError(f"{field}: must be a directory, got the file {str(parent)!r}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(
            f"{field}: results cannot be written to {str(parent)!r}: {reason}"
        ) from None
    finally:
        with suppress(OSError):
            for path in made:
                path.rmdir()


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
