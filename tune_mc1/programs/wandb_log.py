"""Records of a `.wandb` file while it grows: each once, as soon as all of it is there.

The file is a LevelDB log (`log_format.md` there) after a header of seven bytes: blocks of 32 KiB
with fragments `crc: u32, length: u16, kind: u8, data`.
"""

import zlib
from collections.abc import Iterator
from pathlib import Path
from struct import Struct
from typing import BinaryIO

BLOCK = 32 * 1024
HEADER = 7
"""Bytes of the file's header, and of a fragment's."""

_FRAGMENT = Struct("<IHB")
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_CHUNK = 32 * BLOCK
_CHECKSUM_OF_KIND = [zlib.crc32(bytes([kind])) for kind in range(5)]


class WandbLog:
    """Reads on where it stopped.

    Args:
        path: The file; it may not exist yet.

    Attributes:
        path: The file.
        damaged: Blocks that were given up because of a wrong checksum.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damaged = 0
        self._at = HEADER  # of the first fragment that has not been read
        self._size = 0
        self._pieces: list[bytes] = []  # of a record whose end has not been read

    def new_records(self) -> Iterator[bytes]:
        """The records that have become complete since the last call.

        A record that is half written, as at the file's end while the program runs or after it was
        killed, is left for a later call.
        """
        try:
            size = self.path.stat().st_size
        except FileNotFoundError:
            return
        if size == self._size:
            return
        self._size = size
        with self.path.open("rb") as file:
            before = -1
            while before != self._at:
                before = self._at
                file.seek(self._at)
                yield from self._records(file.read(_CHUNK), size)

    def _records(self, data: bytes, size: int) -> Iterator[bytes]:
        """Records that end in `data`, which begins at `_at`; moves `_at`."""
        start = self._at
        while True:
            left = BLOCK - self._at % BLOCK
            if left < HEADER:  # too short for a fragment: padding
                self._at += left
                continue
            begin = self._at - start + HEADER
            if begin > len(data):
                return
            checksum, length, kind = _FRAGMENT.unpack_from(data, begin - HEADER)
            content = data[begin : begin + length]
            fits = HEADER + length <= left
            if fits and len(content) < length:
                return  # the rest is in the next chunk, or still being written
            if not fits or not _is_sound(checksum, kind, content):
                if self._at + left > size:
                    return  # what follows in this block may still mend it
                self._give_up(left)
            else:
                self._at += HEADER + length
                yield from self._whole(kind, content)

    def _give_up(self, left: int) -> None:
        self.damaged += 1
        self._at += left
        self._pieces = []

    def _whole(self, kind: int, content: bytes) -> Iterator[bytes]:
        if kind == _FULL:
            yield content
        elif kind == _FIRST:
            self._pieces = [content]
        elif self._pieces:  # else its first piece was damaged
            self._pieces.append(content)
            if kind == _LAST:
                yield b"".join(self._pieces)
                self._pieces = []


class LogWriter:
    """Writes records as W&B does.

    Args:
        file: A file that is empty.
        header: The first `HEADER` bytes of a `.wandb` file.
    """

    def __init__(self, file: BinaryIO, header: bytes) -> None:
        self._file = file
        self._at = file.write(header)

    def write(self, data: bytes) -> None:
        """Adds a record."""
        at, first = 0, True
        while first or at < len(data):
            left = BLOCK - self._at % BLOCK
            if left < HEADER:
                self._at += self._file.write(bytes(left))
                continue
            piece = data[at : at + left - HEADER]
            at += len(piece)
            last = at == len(data)
            kind = (_FULL if last else _FIRST) if first else (_LAST if last else _MIDDLE)
            checksum = zlib.crc32(piece, _CHECKSUM_OF_KIND[kind])
            self._at += self._file.write(_FRAGMENT.pack(checksum, len(piece), kind) + piece)
            first = False


def _is_sound(checksum: int, kind: int, content: bytes) -> bool:
    if not _FULL <= kind <= _LAST:
        return False
    return zlib.crc32(content, _CHECKSUM_OF_KIND[kind]) == checksum
