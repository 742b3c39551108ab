"""Process between a sweep and a trial's program: the program outlives neither of them.

It is run by its file name and imports nothing of this package:

    python -I -S supervisor.py LOG GRACE_S WORD...

Its standard input stays open for as long as the program shall run. When it is closed, by the
sweep or because the sweep died, the program's process group gets SIGTERM, and after GRACE_S
seconds everything is killed. Standard output gets `started PID`, and in the end `exit N` or
`signal N`. On Linux processes that the program leaves behind are adopted, so that those with a
session of their own are ended as well; elsewhere those of its group.

A trial waits for its start and its end, so it imports as little as it can: no `typing`, no
`contextlib`.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

LINGER_S = 2.0
"""Seconds for processes that the program leaves behind: W&B's writes the last rows."""

_LOOK_S = 0.05
_ASKED_TO_END = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_PDEATHSIG, _CHILD_SUBREAPER = 1, 36


class Supervisor:
    """Starts a program and sees it through to its end.

    Args:
        log: File that gets the program's output.
        words: Its command line.

    Attributes:
        status: The program's wait status; None while it runs.
    """

    def __init__(self, log: str, words: list[str]) -> None:
        self.status: int | None = None
        self._prctl = _prctl()
        self._prctl(_CHILD_SUBREAPER, 1)
        self._awake, write = os.pipe()
        os.set_blocking(write, False)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, *_ASKED_TO_END):
            signal.signal(number, lambda *_: None)
        ready, begins = os.pipe()
        self._program = os.fork()
        if self._program == 0:
            self._become(log, words)
        os.close(begins)
        os.read(ready, 1)  # nothing, once the program is there: it would miss a signal before
        os.close(ready)
        _say(f"started {self._program}")

    def run(self, grace_s: float) -> None:
        """Waits for the program's end, or ends it; then ends all that is left of it.

        Args:
            grace_s: Seconds from SIGTERM to SIGKILL.
        """
        linger_s = LINGER_S
        while self.status is None:
            ready, _, _ = select.select([0, self._awake], [], [])
            signals = set(os.read(self._awake, 512)) if self._awake in ready else set()
            self._reap()
            if 0 in ready or signals.intersection(_ASKED_TO_END):
                linger_s = 0.0
                self._signal(signal.SIGTERM)
                self._wait_for(grace_s)
                break
        self._clear_up(linger_s)
        status = self.status or 0
        if os.WIFSIGNALED(status):
            _say(f"signal {os.WTERMSIG(status)}")
        else:
            _say(f"exit {os.waitstatus_to_exitcode(status)}")

    def _wait_for(self, limit_s: float) -> None:
        end = time.monotonic() + limit_s
        while self.status is None and (left := end - time.monotonic()) > 0:
            self._sleep(left)
            self._reap()

    def _clear_up(self, linger_s: float) -> None:
        """Ends what the program has left behind, and the program itself if it still runs."""
        end = time.monotonic() + linger_s
        if self.status is not None:
            # W&B's process is in a session of its own: it ends when it has written all rows.
            self._signal(signal.SIGTERM)
        while self._reap():
            if time.monotonic() >= end:
                self._signal(signal.SIGKILL)
                for child in _children():
                    _kill(child)
            self._sleep(_LOOK_S)

    def _reap(self) -> bool:
        """Collects processes that have ended; says whether there are others."""
        try:
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return True
                if pid == self._program:
                    self.status = status
        except ChildProcessError:
            return self._signal(0) if sys.platform != "linux" else False

    def _sleep(self, limit_s: float) -> None:
        """Until a child ends or a signal comes, at most for so long."""
        if select.select([self._awake], [], [], limit_s)[0]:
            os.read(self._awake, 512)

    def _signal(self, number: int) -> bool:
        """Sends a signal to the program's group; says whether it has any process."""
        try:
            os.killpg(self._program, number)
        except (ProcessLookupError, PermissionError):
            return False
        return True

    def _become(self, log: str, words: list[str]) -> NoReturn:
        """Makes this child the program, in a session of its own and with nothing to read."""
        os.setsid()
        self._prctl(_PDEATHSIG, signal.SIGKILL)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGPIPE, *_ASKED_TO_END):
            signal.signal(number, signal.SIG_DFL)
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        for own, source in enumerate((os.open(os.devnull, os.O_RDONLY), output, output)):
            os.dup2(source, own)
        try:
            os.execvp(words[0], words)
        except OSError as error:
            os.write(2, f"{words[0]}: {error.strerror}\n".encode())
            os._exit(127 if isinstance(error, FileNotFoundError) else 126)  # as shells have it


def _prctl() -> Any:
    """The system call, on Linux; elsewhere a function that does nothing."""
    try:
        if sys.platform == "linux":
            import ctypes

            call = ctypes.CDLL(None).prctl
            return lambda option, value: call(option, int(value), 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        pass
    return lambda *_: None


def _kill(process: int) -> None:
    try:  # noqa: SIM105
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        pass


def _children() -> list[int]:
    """Processes whose parent this one is."""
    names = os.listdir("/proc") if os.path.isdir("/proc") else []  # noqa: PTH112, PTH208
    return [int(name) for name in names if name.isdigit() and _parent(name) == os.getpid()]


def _parent(process: str) -> int:
    """Process id of a process's parent; 0 if it has ended."""
    try:
        with open(f"/proc/{process}/stat", "rb") as file:  # noqa: PTH123
            # The command's name, in parentheses, may hold anything.
            return int(file.read().rpartition(b")")[2].split()[1])
    except (OSError, ValueError):
        return 0


def _say(line: str) -> None:
    try:  # noqa: SIM105
        os.write(1, f"{line}\n".encode())
    except OSError:  # nobody is left to read it
        pass


if __name__ == "__main__":
    Supervisor(sys.argv[1], sys.argv[3:]).run(float(sys.argv[2]))
    os._exit(0)  # without the interpreter's end, which a trial would wait for
