"""Ends what the driver of a sweep leaves behind if it is killed.

Most processes of Ray end with the one that started them. Its agents do not: they first try for a
minute to tell a cluster that is gone. So a small process watches the driver through a pipe, which
the system closes however the driver ends.
"""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

MARK = "TUNE_MC1_DRIVER"
"""Variable that all processes of a sweep inherit; its value is different for every driver."""

GRACE_S = 10.0
"""Seconds for which processes may end by themselves, such as the mirror of W&B's files."""

_PROGRAM = Path(__file__).with_name("watchdog_program.py")


class Watchdog:
    """The process that watches this one.

    What it ends are processes that have inherited the mark, and those that it is told of: Ray's own
    write their title over their environment.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts to watch: everything that is started from now on ends with this process.

        Without `/proc` (not on Linux) there is nothing to find processes by, and no watchdog.
        """
        if self._process is not None or not Path("/proc/self/environ").exists():
            return
        os.environ[MARK] = mark = secrets.token_hex(16)
        words = [sys.executable, "-I", "-S", str(_PROGRAM), f"{MARK}={mark}", str(GRACE_S)]
        with suppress(OSError):  # a sweep needs no watchdog
            self._process = subprocess.Popen(
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                env={},  # without the mark, or it would end itself
            )

    def tell(self, pids: Iterable[int]) -> None:
        """Names processes that end with this one, which must be running now."""
        if self._process is None or self._process.stdin is None:
            return
        with suppress(OSError):
            self._process.stdin.write("".join(f"{pid}\n" for pid in pids).encode())
            self._process.stdin.flush()

    def stop(self) -> None:
        """Ends it: this process has ended its children itself."""
        os.environ.pop(MARK, None)
        if self._process is not None:
            with suppress(OSError):
                self._process.communicate(b"end\n", timeout=5)
            self._process = None
