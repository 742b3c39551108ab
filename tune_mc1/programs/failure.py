"""What a failed program said last, in a line for the user."""

import os
import re
from pathlib import Path

_TAIL = 256 * 1024
_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_LIBRARY = re.compile(r"site-packages|dist-packages|lib/python\d|<frozen ")
_TRACEBACK = "Traceback (most recent call last):"
_LINES, _LONGEST = 3, 200


def last_words(log: Path, begin: int = 0) -> str:
    """The lines of a log that say most of why its program failed.

    These are the usage and the error of a command line that was refused; the exception that ended
    a traceback; else the last lines. What W&B prints after them is left out, and of a progress
    bar all but its last state.

    Args:
        log: The log, of which only the end is read.
        begin: Byte at which the program's own part begins.

    Returns:
        Lines joined by ` | `; empty if the program said nothing.
    """
    lines = _lines(log, begin)
    return " | ".join(
        line[:_LONGEST] for line in _refusal(lines) or _exception(lines) or lines[-_LINES:]
    )


def _lines(log: Path, begin: int) -> list[str]:
    try:
        with log.open("rb") as file:
            file.seek(max(begin, file.seek(0, os.SEEK_END) - _TAIL))
            text = file.read().decode(errors="replace")
    except OSError:
        return []
    lines = [line.rstrip("\r").rpartition("\r")[2] for line in _ESCAPE.sub("", text).split("\n")]
    return [line.rstrip() for line in lines if line.strip() and not line.startswith("wandb: ")]


def _refusal(lines: list[str]) -> list[str]:
    """What argparse, click and typer print of a command line that they do not take."""
    start = next(
        (i for i in range(len(lines) - 1, -1, -1) if lines[i].lower().startswith("usage:")), None
    )
    if start is None:
        return []
    after = lines[start:]
    error = next((i for i, line in enumerate(after) if re.search(r"\berror\b", line, re.I)), None)
    if error is None:
        return []
    usage = " ".join(line.strip() for line in after[:error])
    return [usage, *after[error : error + 1]]


def _exception(lines: list[str]) -> list[str]:
    """The exception of the last traceback, and the last place in the user's own code."""
    starts = [i for i, line in enumerate(lines) if line.startswith(_TRACEBACK)]
    if not starts:
        return []
    rest = lines[starts[-1] + 1 :]
    end = next((i for i, line in enumerate(rest) if not line[0].isspace()), None)
    if end is None:
        return []
    places = [line.strip() for line in rest[:end] if line.lstrip().startswith("File ")]
    own = [place for place in places if not _LIBRARY.search(place)]
    return [*rest[end : end + _LINES], *(own or places)[-1:]]
