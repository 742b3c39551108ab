"""Finishes runs and checks that offline files are whole: W&B says nothing when a write fails.

A `.wandb` file is a LevelDB log (`log_format.md` there) with a header of seven bytes: blocks of
32 KiB with fragments `crc: u32, length: u16, kind: u8, data`, and in them protobuf records.
"""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from struct import Struct

import wandb
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from wandb.proto.wandb_internal_pb2 import Record  # type: ignore[attr-defined]

BLOCK = 32 * 1024
HEADER = 7  # of the file, and of each fragment
FRAGMENT = Struct("<IHB")
WRITE_TIMEOUT_S = 20.0  # the process is a nice one and may wait for a processor
FULL, FIRST = 1, 2  # the other kinds go on with a record: middle, last


def finish_run(run: wandb.Run, code: int) -> str:
    """Finishes a run. The file of an offline one replaces those of earlier attempts.

    Args:
        run: The run.
        code: Its exit code; 0 is success.

    Returns:
        Its mode, `online` or `offline`.

    Raises:
        TimeoutError: If the server did not take all of it in the time that its settings allow.
        OSError: If its offline file is not whole.
    """
    offline, folder = run.offline, Path(run.dir).parent
    run.finish(exit_code=code)
    if not offline:
        return "online"
    file = folder / f"run-{run.id}.wandb"
    deadline = time.monotonic() + WRITE_TIMEOUT_S
    while not is_whole(file):  # W&B writes the end after `finish` returned
        if time.monotonic() > deadline:
            raise OSError(f"{file}: cut short; is the disk full?")
        time.sleep(0.02)
    for other in folder.parent.glob(f"*/{file.name}"):
        if other != file:  # the new file has all that it had
            shutil.rmtree(other.parent)
    return "offline"


def is_whole(path: Path) -> bool:
    """Whether a `.wandb` file ends as a finished run's does, with the record of its exit.

    Args:
        path: The file.
    """
    last = b""
    for kind, data in _fragments(path.read_bytes()):
        last = data if kind in (FULL, FIRST) else last + data
    record = Record()
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
