"""The program of the watchdog, which imports nothing of this package: `watchdog.py` starts it.

    python watchdog_program.py NAME=VALUE SECONDS

Reads numbers of processes, one a line, until the line `end`. If its input ends before, the driver
has been killed: some seconds later those processes are killed, and all of this user that have the
variable in their environment.
"""

import os
import signal
import sys
import time
from contextlib import suppress


def end_all(mark: bytes) -> bool:
    """Kills all processes that have inherited the mark; returns whether there were any."""
    found = False
    for name in filter(str.isdigit, os.listdir("/proc")):  # noqa: PTH208  no pathlib: fast start
        with suppress(OSError):
            with open(f"/proc/{name}/environ", "rb") as file:  # noqa: PTH123
                marked = mark in file.read().split(b"\0")
            if marked:
                os.kill(int(name), signal.SIGKILL)
                found = True
    return found


def start_time(number: int) -> bytes | None:
    """When a process has started, which tells it from a later one of the same number."""
    with suppress(OSError), open(f"/proc/{number}/stat", "rb") as file:  # noqa: PTH123
        return file.read().rpartition(b")")[2].split()[19]
    return None


def main() -> None:
    """Waits for the end of the driver, and ends its processes."""
    mark, grace = os.fsencode(sys.argv[1]), float(sys.argv[2])
    told: dict[int, bytes | None] = {}
    for line in sys.stdin.buffer:
        if line == b"end\n":
            return
        if not line.endswith(b"\n"):
            break  # cut off by the driver's end: the number of another process
        told.setdefault(int(line), start_time(int(line)))
    time.sleep(grace)
    for number, started in told.items():
        if started is not None and start_time(number) == started:
            with suppress(OSError):
                os.kill(number, signal.SIGKILL)
    while end_all(mark):  # until none has started another one meanwhile
        time.sleep(0.2)


if __name__ == "__main__":
    main()
