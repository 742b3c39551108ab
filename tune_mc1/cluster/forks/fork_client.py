"""Program that our own Ray starts as each worker and agent: it has the server fork that process.

Workers run trials, and a node has two agents. The program waits for the end of the fork, and
imports nothing that takes time. Without a server, or for a runtime environment of more than
variables, it goes on as Ray's own program.
"""

import array
import json
import os
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

SOCKET = "TUNE_MC1_FORKS"
"""Variable with the name of the server's socket."""

CONTEXT = "--serialized-runtime-env-context="
OWN = (CONTEXT, "--language=")
"""Options of Ray's first step, `setup_worker.py`; the others are of its second."""

WORKER, FIRST_STEP = "default_worker.py", "setup_worker.py"

BY_PIPE = "RAY_enable_pipe_based_agent_to_parent_health_check"
"""Variable with 1 if an agent ends with its standard input."""

IF_FORKED = "--"
"""Ends the arguments that only a fork gets as an agent; the usual command follows."""

AGENTS = "-agents"
"""End of the name of the socket at which agents are asked for."""

READ_AT_IMPORT = ("RAY_", "TUNE_")
"""Beginnings of the names of variables that Ray reads when it is imported."""

JOB, NO_JOB = "RAY_JOB_ID", "ffffffff"
"""Variable with the job that a process is started for, and the value for one that Ray starts ahead,
which takes the job of its first task."""


def main() -> None:
    """Hands over arguments, environment and files, and ends when the fork does."""
    words = sys.argv[1:]
    workers = [word for word in words if word.endswith(WORKER)]
    request = _worker(workers[0], words) if workers else _agent(words)
    with suppress(OSError):
        name = os.environ.get(SOCKET)
        if name and request and _forked(name if workers else name + AGENTS, request):
            return
    if workers:
        usual = [str(Path(workers[0]).with_name(FIRST_STEP)), *words]
    else:
        usual = ["-u", *words[words.index(IF_FORKED) + 1 :]]
    os.execv(sys.executable, [sys.executable, *usual])


def address(name: str) -> str:
    """Address of the abstract socket of a name."""
    return f"\0{name}"


def branch_of(name: str, environment: Mapping[str, str]) -> str:
    """Name of the socket of the branch of a server that has imported Ray with these variables."""
    read = {k: v for k, v in environment.items() if k.startswith(READ_AT_IMPORT) and k != JOB}
    return f"{name}-{sha256(json.dumps(read, sort_keys=True).encode()).hexdigest()[:32]}"


def same_user(there: socket.socket) -> bool:
    """True if the process at the other end is this user's: others can reach the socket, too."""
    number = array.array("i")
    number.frombytes(there.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 3 * number.itemsize))
    _, user, _ = number
    return user == os.geteuid()


def _worker(program: str, words: list[str]) -> dict[str, object] | None:
    """Request for a worker; None if Ray itself must prepare its environment."""
    given = [word.removeprefix(CONTEXT) for word in words if word.startswith(CONTEXT)]
    context = json.loads(given[0] or "{}") if given else {}
    variables = context.pop("env_vars", {})
    if any(value not in (None, [], sys.executable) for value in context.values()):
        return None
    own = [word for word in words[words.index(program) :] if not word.startswith(OWN)]
    return _request(own, variables)


def _agent(words: list[str]) -> dict[str, object] | None:
    """Request for an agent; None if it ends when its parent is not Ray's node manager."""
    if os.environ.get(BY_PIPE) != "1":
        return None
    usual = words.index(IF_FORKED)
    return _request([*words[usual + 1 :], *words[:usual]], {})


def _request(words: list[str], variables: Mapping[str, str]) -> dict[str, object]:
    return {
        "words": words,
        "environment": {k: v for k, v in {**os.environ, **variables}.items() if k != SOCKET},
        "directory": str(Path.cwd()),
        "nice": os.getpriority(os.PRIO_PROCESS, 0),
    }


def _forked(name: str, request: dict[str, object]) -> bool:
    """Has the server fork; False if it did not, once the fork has ended otherwise."""
    environment = request["environment"]
    assert isinstance(environment, dict)
    branch = branch_of(name, environment)
    with suppress(ConnectionRefusedError):  # the first to ask for it
        return _served(branch, request)
    return _begun(name, environment) and _served(branch, request)


def _begun(name: str, environment: Mapping[str, str]) -> bool:
    """Has the server begin the branch for an environment."""
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(address(name))
        if not same_user(server):
            return False
        server.sendall(json.dumps(environment).encode())
        server.shutdown(socket.SHUT_WR)
        return server.recv(1) == b"."


def _served(branch: str, request: dict[str, object]) -> bool:
    """Has a branch fork, and waits for the end of the fork."""
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(address(branch))
        if not same_user(server):
            return False
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1, 2]))
        server.sendmsg([b"."], [rights])
        server.sendall(json.dumps(request).encode())
        server.shutdown(socket.SHUT_WR)
        forked = server.recv(1) + server.recv(1) == b"?."
        if forked:
            with suppress(ConnectionResetError):
                server.recv(1)  # nothing is sent, so this returns when the fork ends
        return forked


if __name__ == "__main__":
    main()
