"""Imports what the processes of a sweep import, once, and forks one of them at each request.

    python -m tune_mc1.cluster.forks.fork_server NAME MODULE:FUNCTION

It ends when its standard input does, and its forks with it. `fork_client.py` asks for them, at an
abstract socket of that name: one without a file, so that a server that is killed leaves nothing.
"""

import array
import gc
import json
import os
import runpy
import select
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from tune_mc1.cluster.forks.fork_client import address, same_user


@dataclass(frozen=True)
class Request:
    """Process that a client asks for.

    Attributes:
        words: Path of its program, and its arguments.
        environment: Its variables.
        directory: Its current directory.
        nice: Its niceness.
        files: Standard input, output and error.
    """

    words: Sequence[str]
    environment: dict[str, str]
    directory: str
    nice: int
    files: Sequence[int]


def main(name: str, load: str) -> None:
    """Serves at a socket; in each fork, runs the program that was asked for."""
    forks: set[int] = set()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address(name))
        server.listen(1024)
        print("requests may come", flush=True)
        _preload(load)
        request = _serve(server, forks)
    if request is not None:
        _become(request)
        return
    for fork in forks:
        with suppress(ProcessLookupError):
            os.kill(fork, signal.SIGKILL)


def _preload(path: str) -> None:
    """Calls `module:function`, which imports what the processes need."""
    module, _, function = path.partition(":")
    getattr(import_module(module), function)()
    gc.collect()
    gc.freeze()  # forks need not look through all that, nor copy it


def _has_ended(fork: int) -> bool:
    return os.waitpid(fork, os.WNOHANG)[0] != 0


def _serve(server: socket.socket, forks: set[int]) -> Request | None:
    """Forks at each request until standard input ends; returns the request in each fork."""
    ended, wake = socket.socketpair()  # told of each fork that ends
    wake.setblocking(False)
    with ended, wake:
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        while True:
            ready, _, _ = select.select([server, sys.stdin, ended], [], [])
            if sys.stdin in ready:
                return None
            if ended in ready:
                ended.recv(4096)
                forks -= {fork for fork in forks if _has_ended(fork)}
            if server in ready and (request := _forked(server, forks)) is not None:
                signal.set_wakeup_fd(-1)
                return request


def _forked(server: socket.socket, forks: set[int]) -> Request | None:
    """Forks for the next client; returns its request in the fork."""
    there, _ = server.accept()
    with there, suppress(OSError, ValueError):  # a client that has ended meanwhile
        if not same_user(there):
            return None
        request = _read(there)
        fork = os.fork()
        if not fork:
            there.detach()  # open as long as the fork runs
            return request
        forks.add(fork)
        for file in request.files:
            os.close(file)
        there.sendall(b".")
    return None


def _read(there: socket.socket) -> Request:
    """A client's request.

    Raises:
        OSError: If the client has ended. Ray gives up one that takes long, as it does while the
            libraries are loaded on a busy machine.
    """
    files = array.array("i")
    _, rights, _, _ = there.recvmsg(1, socket.CMSG_LEN(3 * files.itemsize))
    files.frombytes(rights[0][2] if rights else b"")
    try:
        text = b""
        while part := there.recv(65536):
            text += part
        there.sendall(b"?")
        return Request(**json.loads(text), files=files)
    except (OSError, ValueError):
        for file in files:
            os.close(file)
        raise


def _become(request: Request) -> None:
    """Goes on as the program that was asked for."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setpgid(0, 0)  # Ray kills the whole group of a process that has ended
    for number, file in enumerate(request.files):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(request.environment)
    os.chdir(request.directory)
    os.setpriority(os.PRIO_PROCESS, 0, request.nice)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()  # else all forks would draw the same; Python's own generator knows
    program, *words = request.words
    sys.argv = [program, *words]
    sys.path[0] = str(Path(program).parent)
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
