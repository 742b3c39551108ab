"""How much `ray up` reads below the folders that it copies to the machines."""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

MUCH = 1e9
"""Bytes that take a few seconds to read."""


def mount_notes(mounts: Mapping[str, Any]) -> Iterator[str]:
    """A line for each folder of `file_mounts` in which Ray reads more than a gigabyte.

    Ray looks for changes by a hash of all files (`ray.autoscaler._private.util.hash_runtime_conf`),
    before rsync leaves anything out.
    """
    for local in sorted({path for path in mounts.values() if isinstance(path, str)}):
        sizes = _sizes(Path(local).expanduser())
        total = sum(sizes.values())
        if total > MUCH:
            largest = max(sizes, key=lambda name: sizes[name])
            yield (
                f"`ray up` reads all {total / 1e9:.1f} GB in {local} each time, also what "
                f"rsync_exclude leaves out; {sizes[largest] / 1e9:.1f} GB are in {largest}"
            )


def _sizes(folder: Path) -> dict[str, int]:
    """Bytes of each entry of a folder; none of a file, or of what cannot be read."""
    with suppress(OSError):
        return {entry.name: _size(entry) for entry in os.scandir(folder)}
    return {}


def _size(entry: "os.DirEntry[str]") -> int:
    with suppress(OSError):
        if entry.is_dir(follow_symlinks=False):
            return sum(_size(each) for each in os.scandir(entry.path))
        return entry.stat().st_size
    return 0
