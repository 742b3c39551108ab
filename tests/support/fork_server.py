"""Imports what processes of trials import, once, and forks one of them at each request.

    python -m tests.support.fork_server SOCKET

See `ray_forks_private.py`, which starts it.
"""

import array
import gc
import json
import os
import runpy
import select
import shutil
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any


def load() -> None:
    """Imports the libraries but Ray, which reads the environment of its process when it is loaded.

    No thread of theirs may run when a process forks.
    """
    import pandas  # noqa: F401
    import pyarrow.parquet  # noqa: F401

    from tune_mc1.training.lightning_private import load_lightning

    load_lightning(whole=True)  # what a user's module may use, too
    import tune_mc1.training.run_trials  # noqa: F401

    assert "ray" not in sys.modules
    gc.collect()
    gc.freeze()  # forks need not look through all that again


def serve(place: Path) -> None:
    """Forks until standard input ends; then all forks end, and the socket's folder is removed."""
    forks: set[int] = set()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(place))
        server.listen(64)
        print("requests may come", flush=True)
        load()
        while True:
            ready, _, _ = select.select([server, sys.stdin], [], [], 1.0)
            forks -= {fork for fork in forks if _has_ended(fork)}
            if sys.stdin in ready:
                break
            if server in ready:
                there, _ = server.accept()
                request, files = _read(there)
                if fork := os.fork():
                    forks.add(fork)
                    for file in (there.detach(), *files):
                        os.close(file)
                else:
                    server.close()
                    _become(request, files)
    for fork in forks:
        with suppress(ProcessLookupError):
            os.kill(fork, signal.SIGKILL)
    shutil.rmtree(place.parent, ignore_errors=True)


def _has_ended(fork: int) -> bool:
    return os.waitpid(fork, os.WNOHANG)[0] != 0


def _read(there: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """A request, and the client's standard input, output and error."""
    files = array.array("i")
    _, rights, _, _ = there.recvmsg(1, socket.CMSG_LEN(3 * files.itemsize))
    files.frombytes(rights[0][2])
    text = b""
    while part := there.recv(65536):
        text += part
    return json.loads(text), list(files)


def _become(request: dict[str, Any], files: list[int]) -> None:
    """Goes on as the program that Ray asked for; the client's connection ends with it."""
    import numpy as np

    os.setpgid(0, 0)  # Ray kills the whole group of a process that has ended
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["directory"])
    os.setpriority(os.PRIO_PROCESS, 0, request["nice"])
    np.random.seed()
    program, *words = request["words"]
    sys.argv = [program, *words]
    sys.path[0] = str(Path(program).parent)
    runpy.run_path(program, run_name="__main__")
    sys.exit()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
