"""Tells whether an offline run's file is whole: W&B says nothing when a write to it fails.

A `.wandb` file is a LevelDB log (`log_format.md` there) with a header of seven bytes: blocks of
32 KiB with fragments `crc: u32, length: u16, kind: u8, data`, and in them protobuf records.
"""

from collections.abc import Iterator
from pathlib import Path
from struct import Struct

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from tune_mc1.tracking.wandb.wandb_private import RECORD

BLOCK = 32 * 1024
HEADER = 7  # of the file, and of each fragment
FRAGMENT = Struct("<IHB")
FULL, FIRST = 1, 2  # the other kinds go on with a record: middle, last


def is_whole(path: Path) -> bool:
    """Whether a `.wandb` file ends as a finished run's does, with the record of its exit.

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
    """Kind and data of each fragment; the last may be cut short."""
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
