"""Memory that this process may still use."""

import resource
from collections.abc import Iterator
from pathlib import Path

COPIES = 4
"""Times that a data set must fit: decoded, in the object store, on its way, and to spare."""

_CGROUP = Path("/sys/fs/cgroup")


def fits_in_memory(size: int) -> bool:
    """Whether images can be held in memory, and in the object store as well.

    Args:
        size: Bytes of the decoded images.
    """
    return size * COPIES <= usable_memory()


def usable_memory() -> float:
    """Bytes that are left to this process by the machine, its container and its own limits."""
    import psutil

    return min([psutil.virtual_memory().available, *_limits()])


def _limits() -> Iterator[float]:
    import psutil

    used = psutil.Process().memory_info()
    for kind, taken in ((resource.RLIMIT_DATA, used.data), (resource.RLIMIT_AS, used.vms)):
        soft, _ = resource.getrlimit(kind)
        if soft != resource.RLIM_INFINITY:
            yield soft - taken
    for group in _groups():
        for limit, usage in _FILES:
            try:
                most, taken = (int((group / name).read_text()) for name in (limit, usage))
                yield most - taken + _given_up(group)
            except (OSError, ValueError):  # no such group, or no limit
                continue


_FILES = (
    ("memory.max", "memory.current"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes"),
)
"""Files with the limit and the usage of a container's memory, in both versions of cgroups."""


def _groups() -> Iterator[Path]:
    """Groups of this process that may have a limit, those that contain it included."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers not in ("", "memory"):
            continue
        root = _CGROUP / controllers
        group = root / path.lstrip("/")
        yield from (place for place in (group, *group.parents) if place.is_relative_to(root))


def _given_up(group: Path) -> int:
    """Bytes of files in a group's memory, which are given up when memory is needed."""
    lines = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
    return int(lines.get("inactive_file", 0)) + int(lines.get("active_file", 0))
