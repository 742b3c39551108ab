"""Journal: an append-only file of events, one JSON object per line, each on disk before the next.

A parquet file cannot be appended to, so the events of a sweep go here first. A line that a crash
cut short is recognised and skipped when the file is read again.
"""

import errno
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, cast

from tune_mc1.results.events import Event

Record = Mapping[str, Any]
"""A parsed line of the file."""

_BLOCK = 1000
"""Lines that are parsed at once."""


class Journal:
    """The only writer of a journal file.

    A line that a crash cut short is terminated, so that the following lines can be read.

    Args:
        path: The file, created if it does not exist.

    Raises:
        OSError: If the file cannot be opened for writing.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        if self._file.tell() and _last_byte(path) != b"\n":
            self._file.write(b"\n")

    def write(self, *events: Record) -> None:
        """Appends events and returns when they are on disk: all of them, or none.

        Raises:
            OSError: If they cannot be written, or the file was deleted.
        """
        lines = b"".join(json.dumps(e, separators=(",", ":")).encode() + b"\n" for e in events)
        before = self._file.tell()
        try:
            if os.fstat(self._file.fileno()).st_nlink == 0:
                raise FileNotFoundError(errno.ENOENT, "it was deleted while the sweep ran")
            written = 0
            while written < len(lines):
                written += self._file.write(lines[written:])
            os.fdatasync(self._file.fileno())
        except OSError:
            with suppress(OSError):
                self._file.truncate(before)
                self._file.seek(before)
            raise

    def tell(self) -> int:
        """Bytes written so far."""
        return self._file.tell()

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


def _last_byte(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1)


def read_events(path: Path, offset: int = 0) -> Iterator[tuple[Event, int]]:
    """Reads the complete events of a sweep's journal; see `read_records`."""
    for record, end in read_records(path, offset):
        if isinstance(record.get("event"), str):
            yield cast(Event, record), end


def read_records(path: Path, offset: int = 0) -> Iterator[tuple[dict[str, Any], int]]:
    """Reads the complete lines of a file that a `Journal` has written.

    Args:
        path: The file; a missing file has no events.
        offset: Byte at which to start, as yielded by an earlier call.

    Yields:
        The object of a line, and the offset after the line. An incomplete last line is left for
        later; a broken line in the middle, left by a crash, is skipped.
    """
    if not path.exists():
        return
    with path.open("rb") as file:
        file.seek(offset)
        yield from parse_lines(file, offset)


def parse_lines(lines: Iterable[bytes], offset: int = 0) -> Iterator[tuple[dict[str, Any], int]]:
    """Parses lines that start at `offset`; see `read_records`."""
    left = iter(lines)
    while block := list(islice(left, _BLOCK)):
        whole = block if block[-1].endswith(b"\n") else block[:-1]
        for line, event in zip(whole, _all_parsed(whole), strict=True):
            offset += len(line)
            if isinstance(event, dict):
                yield event, offset
        if len(whole) < len(block):
            return


def _all_parsed(lines: Sequence[bytes]) -> list[Any]:
    """The values of lines, in half of the time that it takes one by one; None for a broken one."""
    if core := sys.modules.get("pydantic_core"):  # readers of results alone do without
        with suppress(ValueError):  # one of them is broken
            values: list[Any] = core.from_json(b"[" + b",".join(lines) + b"]")
            if len(values) == len(lines):
                return values
    return [_parsed(line) for line in lines]


def _parsed(line: bytes) -> Any:
    """The value of a line, also with half of a surrogate pair, as some file names have."""
    try:
        return json.loads(line)
    except ValueError:
        return None
