"""CPU-seconds of a process and of all that it starts, Ray's daemons included."""

import atexit
import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")


def cpu_of_all() -> Callable[[], float]:
    """A clock of CPU-seconds of this process and of all processes that it starts from now on.

    Ray's processes are nobody's children when they end, so that no parent is told of their time. A
    control group (`cgroups(7)`) counts them; to make one takes root. Without, the clock is that of
    the whole machine, on which nothing else should run then.
    """
    for folder, read in ((GROUPS / "cpuacct", _first_version), (GROUPS, _second_version)):
        group = folder / f"tune_mc1-benchmark-{os.getpid()}"
        try:
            (folder / "cgroup.procs").read_bytes()  # otherwise it is no control group
            group.mkdir()
            atexit.register(_leave, group)
            (group / "cgroup.procs").write_text(str(os.getpid()))
            read(group)
        except OSError:
            continue
        return partial(read, group)
    return _whole_machine


def _leave(group: Path) -> None:
    with suppress(OSError):  # of which some process may still run
        (group.parent / "cgroup.procs").write_text(str(os.getpid()))
        group.rmdir()


def _first_version(group: Path) -> float:
    return int((group / "cpuacct.usage").read_text()) / 1e9


def _second_version(group: Path) -> float:
    words = (group / "cpu.stat").read_text().split()
    return int(words[words.index("usage_usec") + 1]) / 1e6


def _whole_machine() -> float:
    user, nice, system = map(int, Path("/proc/stat").read_text().split()[1:4])
    return (user + nice + system) / os.sysconf("SC_CLK_TCK")
