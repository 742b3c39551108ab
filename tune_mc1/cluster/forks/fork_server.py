"""Imports what the processes of a sweep import, once, and forks one of them at each request.

    python -m tune_mc1.cluster.forks.fork_server NAME MODULE:FUNCTION MODULE:FUNCTION

The first function imports libraries. The second one imports Ray, which reads variables as it is
imported that are known only once Ray runs; so a branch of the server, its fork, does that at the
first request, and other variables have another branch. The processes are forks of a branch.
Ray's agents are needed before the libraries are there, so a fork from before that serves them.

It ends when its standard input does, and its forks with it. `fork_client.py` asks for them, at
abstract sockets, which have no files, so that a server that is killed leaves nothing.
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

from tune_mc1.cluster.forks.fork_client import (
    AGENTS,
    JOB,
    NO_JOB,
    address,
    branch_of,
    same_user,
)

WITH_AGENTS = "tune_mc1.cluster.forks.ray_agents_private:import_agents"
"""Function that imports Ray and what its agents import."""


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


@dataclass(frozen=True)
class Branch:
    """A fork of the server for processes with the same variables of Ray.

    Attributes:
        socket: Where it is asked for processes.
        environment: All variables of the process that was asked for first.
    """

    socket: socket.socket
    environment: dict[str, str]


def main(name: str, libraries: str, with_ray: str) -> None:
    """Serves at a socket; in each fork of a branch, runs the program that was asked for."""
    started_in = sys.path[0]
    gc.disable()  # what is imported stays
    workers, agents = _listening(name), _listening(name + AGENTS)
    print("requests may come", flush=True)
    if os.fork():
        agents.close()
        _load(libraries)
        branch = _begin_branches(workers, name)
    else:
        workers.close()
        with_ray = WITH_AGENTS
        branch = _begin_branches(agents, name + AGENTS)
    if branch is None:
        os._exit(0)  # the end of the interpreter takes 0.4 s with all these libraries
    forks: set[int] = set()
    with branch.socket:
        os.environ.clear()
        os.environ.update(branch.environment | {JOB: NO_JOB})
        _load(with_ray)
        request = _serve(branch.socket, forks)
    if request is not None:
        _become(request, started_in)
        return
    for fork in forks:
        with suppress(ProcessLookupError):
            os.kill(fork, signal.SIGKILL)
    os._exit(0)


def _listening(name: str) -> socket.socket:
    server = socket.socket(socket.AF_UNIX)
    server.bind(address(name))
    server.listen(1024)
    return server


def _load(path: str) -> None:
    """Calls `module:function`, which imports what the processes need."""
    module, _, function = path.partition(":")
    getattr(import_module(module), function)()
    gc.freeze()  # forks need not look through all that, nor copy it


def _begin_branches(server: socket.socket, name: str) -> Branch | None:
    """Begins branches that are asked for; returns in each branch, and None once input has ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # a branch that is killed leaves no zombie
    begun: set[str] = set()
    with server:
        while sys.stdin not in select.select([server, sys.stdin], [], [])[0]:
            there, _ = server.accept()
            with there, suppress(OSError, ValueError):  # a client that has ended meanwhile
                if same_user(there) and (branch := _begun(there, name, begun)) is not None:
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    return branch
    with suppress(ChildProcessError):  # once all branches have ended: their input has, too
        os.wait()
    return None


def _begun(there: socket.socket, name: str, begun: set[str]) -> Branch | None:
    """Begins the branch that a client needs if it is the first to ask; returns it in the branch."""
    environment = json.loads(_read_all(there))
    branch = branch_of(name, environment)
    if branch not in begun:
        made = Branch(_listening(branch), environment)
        if not os.fork():
            return made
        made.socket.close()
        begun.add(branch)
    there.sendall(b".")
    return None


def _read_all(there: socket.socket) -> bytes:
    """What a client sends until it says that this was all."""
    text = b""
    while part := there.recv(65536):
        text += part
    return text


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
        text = _read_all(there)
        there.sendall(b"?")
        return Request(**json.loads(text), files=files)
    except (OSError, ValueError):
        for file in files:
            os.close(file)
        raise


def _become(request: Request, started_in: str) -> None:
    """Goes on as the program that was asked for, whose directory replaces that of the server."""
    gc.enable()
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
    sys.path[sys.path.index(started_in)] = str(Path(program).parent)  # Ray has put one before it
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:])
