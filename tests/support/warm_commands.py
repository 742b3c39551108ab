"""The command as a process of its own, without its start: a fork of one that has imported all.

Signals, lost processes, files and exit statuses are those of any process, but what imports have
registered for its end is left out; `subprocess` is for tests about the start and the end of Python,
and for environments that Python or a library reads as it is imported.
"""

import atexit
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Self

import psutil

from tune_mc1.cluster.forks.ray_forks_private import usable
from tune_mc1.cluster.ray_runtime import QUIET_RAY

READ_AT_START = ("PYTHON", "LD_", "HOME", "HF_", "TORCH", "XDG_", "MPL", "OMP_", "MKL_", "RAY_")
"""Beginnings of the names of variables that an import may read."""

READ_LATER = (
    "RAY_AUTH_",
    "RAY_CLIENT_MODE",
    "RAY_USAGE_STATS_ENABLED",
    "PYTHONBREAKPOINT",
    "TORCHINDUCTOR_CACHE_DIR",
    *QUIET_RAY,
)
"""Those that are read again, once our Ray, Ray itself or an import of PyTorch has set them."""

ANEW = {"PYTHONHASHSEED": "random"}
"""Environment of a command that starts Python, as any variable that Python reads has it do."""

ROOT = Path(__file__).parents[2]

AT_START = dict(os.environ)
"""Variables of the test run, before a test changes them for itself."""


class _Server:
    """The process whose forks the commands of this process are."""

    def __init__(self) -> None:
        self.environment = _read_at_start(AT_START)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.warm_server"],
            cwd=ROOT,
            env=AT_START,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self._rest = b""
        self._begun: list[tuple[int, int]] = []
        self._ended: dict[int, int] = {}
        atexit.register(self.close)

    def begin(self, request: Mapping[str, object]) -> tuple[int, int]:
        """Starts a command; returns its process, and that of its fork server or 0."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        while not self._begun:
            self._hear(None)
        return self._begun.pop()

    def status(self, pid: int, timeout: float | None) -> int | None:
        """The exit status of a command; None if it still runs after so many seconds."""
        end = None if timeout is None else time.monotonic() + timeout
        while pid not in self._ended:
            left = None if end is None else max(0.0, end - time.monotonic())
            if not self._hear(left) and left == 0:
                return None
        return self._ended.pop(pid)

    def _hear(self, timeout: float | None) -> bool:
        assert self._process.stdout is not None
        file = self._process.stdout.fileno()
        if not select.select([file], [], [], timeout)[0]:
            return False
        part = os.read(file, 65536)
        assert part, "the process of warm commands has ended"
        *lines, self._rest = (self._rest + part).split(b"\n")
        for answer in map(json.loads, lines):
            if "status" in answer:
                self._ended[answer["pid"]] = answer["status"]
            else:
                self._begun.append((answer["pid"], answer["fork_server"]))
        return True

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


_servers: list[_Server] = []


def _read_at_start(env: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in env.items()
        if name.startswith(READ_AT_START) and not name.startswith(READ_LATER)
    }


class Command:
    """A command that runs, as a fork if it can be one, with the interface of `subprocess.Popen`.

    Args:
        words: Its arguments.
        cwd: Its current directory.
        env: All of its environment.
        out: Where its output goes; None for a file of its own.
        err: Where its errors go.
    """

    def __init__(
        self,
        words: Sequence[str | Path],
        cwd: Path,
        env: Mapping[str, str],
        out: Path | None = None,
        err: Path | None = None,
    ) -> None:
        folder = Path(mkdtemp(prefix="command-")) if out is None or err is None else cwd
        self._out, self._err = out or folder / "out.txt", err or folder / "err.txt"
        for file in (self._out, self._err):
            file.write_bytes(b"")
        self.returncode: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._server: _Server | None = None
        self._fork_server = 0
        texts = [str(word) for word in words]
        if usable():
            if not _servers:
                _servers.append(_Server())
            if _read_at_start(env) == _servers[0].environment:
                self._server = _servers[0]
                request: dict[str, object] = {"words": texts, "cwd": str(cwd), "env": dict(env)}
                request |= {"out": str(self._out), "err": str(self._err)}
                self.pid, self._fork_server = self._server.begin(request)
                return
        with self._out.open("ab") as o, self._err.open("ab") as e:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tune_mc1", *texts],
                cwd=cwd,
                env=dict(env),
                stdout=o,
                stderr=e,
                start_new_session=True,
            )
        self.pid = self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.wait()

    @property
    def is_fork(self) -> bool:
        """Whether nothing had to be imported for it."""
        return self._server is not None

    def family(self) -> list[psutil.Process]:
        """Its process, and all that it has started, by them or theirs, itself last.

        The fork server of a fork is one that was started before, but is its own.
        """
        found: list[psutil.Process] = []
        for pid in filter(None, (self._fork_server, self.pid)):
            with suppress(psutil.NoSuchProcess):
                process = psutil.Process(pid)
                found += [*process.children(recursive=True), process]
        return found

    def poll(self) -> int | None:
        """The exit status; None while it runs."""
        return self._status(0)

    def wait(self, timeout: float | None = None) -> int:
        """The exit status.

        Raises:
            subprocess.TimeoutExpired: If it still runs after so many seconds.
        """
        status = self._status(timeout)
        if status is None:
            assert timeout is not None
            raise subprocess.TimeoutExpired("tune_mc1", timeout)
        return status

    def _status(self, timeout: float | None) -> int | None:
        if self.returncode is None:
            if self._server is not None:
                self.returncode = self._server.status(self.pid, timeout)
            elif self._process is not None:
                try:
                    self.returncode = self._process.wait(timeout)
                except subprocess.TimeoutExpired:
                    return None
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Waits for its end; returns what it said."""
        self.wait(timeout)
        return self._out.read_text(), self._err.read_text()

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)
