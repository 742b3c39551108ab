"""Fork servers of commands in tests, as forks of a process that has imported what they import."""

import json
import os
import select
import signal
import socket
import subprocess
from collections.abc import Sequence
from typing import IO, Any

from tune_mc1.cluster.forks import fork_server
from tune_mc1.cluster.forks.ray_forks_private import ForkServer


class Spares:
    """A fork of this process, which must not have imported Ray, and whose forks are the servers.

    Attributes:
        serves: Whether this process is that fork.
    """

    def __init__(self) -> None:
        here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.serves = os.fork() == 0
        self._socket, other = (there, here) if self.serves else (here, there)
        other.close()

    def serve(self) -> None:
        """In the fork: serves until the other process has ended; returns in each of its forks."""
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        while True:
            asked, files, *_ = socket.recv_fds(self._socket, 1, 2)
            if not asked:
                return
            fork = os.fork()
            if not fork:
                _become_server(files)
                return
            for file in files:
                os.close(file)
            self._socket.send(str(fork).encode())

    def take(self) -> "Spare":
        """In the other process: begins a server, which waits until it is needed."""
        asked, ask = os.pipe()
        answers, answer = os.pipe()
        socket.send_fds(self._socket, [b"."], [asked, answer])
        pid = int(self._socket.recv(32))
        os.close(asked)
        os.close(answer)
        return Spare(pid, ask, answers)


class Spare:
    """A fork server that waits, with the attributes of `subprocess.Popen` that ours uses.

    Args:
        pid: The process.
        ask: Where to write to it.
        answers: Where to read its answers.
    """

    def __init__(self, pid: int, ask: int, answers: int) -> None:
        self.pid = pid
        self.stdin: IO[bytes] = os.fdopen(ask, "wb", buffering=0)
        self.stdout: IO[bytes] = os.fdopen(answers, "rb")

    def pipes(self) -> list[int]:
        """Files of this process that lead to it."""
        return [self.stdin.fileno(), self.stdout.fileno()]

    def close(self) -> None:
        """Leaves it to the command."""
        self.stdin.close()
        self.stdout.close()

    def stand_in(self) -> None:
        """In the command: a fork server that starts is this process."""

        def start(server: Any) -> None:
            if server._process is None:
                self.stdin.write(json.dumps([server._name, *server._preload]).encode() + b"\n")
                server._process = self

        setattr(ForkServer, "start", start)  # noqa: B010 (mypy sees an assignment to a method)

    def wait(self, timeout: float | None = None) -> int:
        """As that of `Popen`, but for the status, which its parent is told."""
        try:
            pidfd = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return 0
        try:
            ready, _, _ = select.select([pidfd], [], [], timeout)
        finally:
            os.close(pidfd)
        if not ready:
            assert timeout is not None
            raise subprocess.TimeoutExpired("fork server", timeout)
        return 0

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


def _become_server(files: Sequence[int]) -> None:
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    null = os.open(os.devnull, os.O_WRONLY)
    for number, file in enumerate((*files, null)):
        os.dup2(file, number)
    close_all()
    line = b""
    while not line.endswith(b"\n"):
        part = os.read(0, 1)
        if not part:
            return
        line += part
    fork_server.main(*json.loads(line))


def close_all(kept: Sequence[int] = ()) -> None:
    """Closes all files of this process but the standard ones and a few others."""
    first = 3
    for file in (*sorted(kept), 4096):
        os.closerange(first, file)
        first = file + 1
