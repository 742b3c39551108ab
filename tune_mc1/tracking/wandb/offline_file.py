"""Completeness check of an offline run's file, as W&B does not report failed writes.

A `.wandb` file is a LevelDB log (see LevelDB's `log_format.md`) with a header of seven bytes:
blocks of 32 KiB with fragments `crc: u32, length: u16, kind: u8, data`, which hold protobuf
records.
"""

from collections.abc import Iterator
from pathlib import Path
from struct import Struct

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from tune_mc1.tracking.wandb.wandb_private import RECORD

BLOCK = 32 * 1024
HEADER = 7  # of the file, and of each fragment
FRAGMENT = Struct("<IHB")
FULL, FIRST = 1, 2  # the other kinds continue a record: middle, last


def is_whole(path: Path) -> bool:
    """True if a `.wandb` file ends with the exit record of a finished run.

    Args:
        path: The file.
    """
    new = RECORD.get()
    if new is None:
        return True
    last = b""
    for kind, data in _fragments(path.read_bytes()):
        last = data if kind in (FULL, FIRST) else last + data
    record = new()
    try:
        record.ParseFromString(last)
    except DecodeError:
        return False
    return bool(record.WhichOneof("record_type") == "exit")


def _fragments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind and data of each fragment; the last one may be truncated."""
    at = HEADER
    while at < len(content):
        left = BLOCK - at % BLOCK
        if left < HEADER:  # too short for a fragment: padding
            at += left
            continue
        if len(content) - at < HEADER:
            yield FULL, b""
            return
        _, length, kind = FRAGMENT.unpack_from(content, at)
        at += HEADER
        yield kind, content[at : at + length]
        at += length
