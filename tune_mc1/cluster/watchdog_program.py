"""The program of the watchdog, which imports nothing of this package: `watchdog.py` starts it.

    python watchdog_program.py NAME=VALUE SECONDS

Reads its input to the end. If that was not `end`, the driver has been killed: some seconds later
every process of this user with the variable in its environment is killed.
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


def main() -> None:
    """Waits for the end of the driver, and ends its processes."""
    mark, grace = os.fsencode(sys.argv[1]), float(sys.argv[2])
    if sys.stdin.buffer.read() == b"end":
        return
    time.sleep(grace)
    while end_all(mark):  # until none has started another one meanwhile
        time.sleep(0.2)


if __name__ == "__main__":
    main()
