"""A process that has imported what commands import; each command that is asked for is its fork.

    python -m tests.support.warm_server

It reads a request a line, a JSON object with `words`, `cwd`, `env`, `out` and `err`, and answers
with the process, later with how it ended. Ray is not imported: when it is loaded, it reads
variables that differ between commands. It ends with its standard input.
"""

import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from typing import IO, Any

import numpy as np

from tune_mc1.cluster.forks import fork_server
from tune_mc1.cluster.forks.ray_forks_private import ForkServer
from tune_mc1.running.preload import load_modules

SWEEPS = ("sweep", "train", "study")
"""Commands that may start a fork server."""


def main() -> None:
    """Serves; in each fork, runs the command that was asked for."""
    _preload()
    request = _serve()
    if request is not None:
        _become(request)


def _preload() -> None:
    load_modules()
    import aiohttp  # noqa: F401
    import fsspec  # type: ignore[import-untyped]  # noqa: F401
    import requests  # noqa: F401
    import scipy.stats  # noqa: F401

    import tune_mc1.cli.app
    import tune_mc1.planning.plan
    import tune_mc1.results.journal
    import tune_mc1.terminal.printing  # noqa: F401

    gc.collect()
    gc.freeze()


def _serve() -> dict[str, Any] | None:
    """Forks at each request until standard input ends; returns the request in each fork."""
    forks: set[int] = set()
    asked = b""
    ended, wake = socket.socketpair()
    wake.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
    while True:
        ready, _, _ = select.select([0, ended.fileno()], [], [])
        if ended.fileno() in ready:
            ended.recv(4096)
            _tell_ends(forks)
        if 0 not in ready:
            continue
        part = os.read(0, 1 << 20)
        if not part:
            for fork in forks:
                with suppress(ProcessLookupError):
                    os.kill(fork, signal.SIGKILL)
            return None
        *lines, asked = (asked + part).split(b"\n")
        for line in lines:
            fork = os.fork()
            if not fork:
                signal.set_wakeup_fd(-1)
                ended.close()
                wake.close()
                return dict(json.loads(line))
            forks.add(fork)
            _tell(pid=fork)


def _tell(**answer: int) -> None:
    os.write(1, json.dumps(answer).encode() + b"\n")


def _tell_ends(forks: set[int]) -> None:
    for fork in list(forks):
        found, status = os.waitpid(fork, os.WNOHANG)
        if found:
            forks.remove(fork)
            _tell(pid=fork, status=os.waitstatus_to_exitcode(status))


def _become(request: dict[str, Any]) -> None:
    """Goes on as the command, as `python -m tune_mc1` does."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _take_files(os.devnull, request["out"], request["err"])
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    np.random.seed()
    tempfile.tempdir = None
    sys.path[0] = request["cwd"]
    sys.argv = ["tune_mc1", *request["words"]]
    if request["words"][0] in SWEEPS:
        spare = _Spare()
        if spare.pid == 0:
            spare.serve()
            return
        spare.stand_in()
    runpy.run_module("tune_mc1", run_name="__main__", alter_sys=True)


def _take_files(*paths: str) -> None:
    """Makes files standard input, output and error, and closes all others."""
    for number, path in enumerate(paths):
        file = os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT, 0o644)
        os.dup2(file, number)
        os.close(file)
    os.closerange(3, 4096)


class _Spare:
    """A fork of a command at its very beginning, which becomes the command's fork server.

    It has imported already what that would; with the attributes of `subprocess.Popen` that
    `ForkServer` uses.
    """

    def __init__(self) -> None:
        asked, self._ask = os.pipe()
        self._answers, answer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            null = os.open(os.devnull, os.O_WRONLY)
            for number, file in enumerate((asked, answer, null)):
                os.dup2(file, number)
            os.closerange(3, 4096)
            return
        os.close(asked)
        os.close(answer)
        self.stdin: IO[bytes] = os.fdopen(self._ask, "wb", buffering=0)
        self.stdout: IO[bytes] = os.fdopen(self._answers, "rb")

    def serve(self) -> None:
        """In the fork: waits until it is needed, and returns in each of its own forks, too."""
        line = b""
        while not line.endswith(b"\n"):
            part = os.read(0, 1)
            if not part:
                return
            line += part
        fork_server.main(*json.loads(line))

    def stand_in(self) -> None:
        """In the command: a fork server that starts is this process."""

        def start(server: Any) -> None:
            if server._process is None:
                self.stdin.write(json.dumps([server._name, *server._preload]).encode() + b"\n")
                server._process = self

        setattr(ForkServer, "start", start)  # noqa: B010 (mypy sees an assignment to a method)

    def wait(self, timeout: float | None = None) -> int:
        """As that of `Popen`."""
        pidfd = os.pidfd_open(self.pid)
        try:
            ready, _, _ = select.select([pidfd], [], [], timeout)
        finally:
            os.close(pidfd)
        if not ready:
            assert timeout is not None
            raise subprocess.TimeoutExpired("fork server", timeout)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
