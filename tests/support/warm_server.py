"""A process that has imported what commands import; each command that is asked for is its fork.

    python -m tests.support.warm_server

It reads a request a line, a JSON object with `words`, `cwd`, `env`, `out` and `err`, and answers
with the process, later with how it ended. It ends with its standard input.

Ray reads variables as it is imported, and a fork server must not have imported it. So a second
process, from before that, is forked for the fork servers of sweeps.
"""

import atexit
import gc
import json
import os
import runpy
import select
import signal
import socket
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from tests.support.spare_servers import Spare, Spares, close_all
from tune_mc1.cluster.forks.ray_ids_private import imported_before_forks
from tune_mc1.cluster.ray_tokens_private import CONFIG
from tune_mc1.running.preload import load_modules

STARTED_IN = sys.path[0]

SWEEPS = ("sweep", "train", "study")
"""Commands that may start a fork server."""


def main() -> None:
    """Serves; in each fork, runs the command that was asked for."""
    _preload()
    spares = Spares()
    if spares.serves:
        spares.serve()
        return
    _import_ray()
    asked = _serve(spares)
    if asked is not None:
        _become(*asked)


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


def _import_ray() -> None:
    with imported_before_forks():
        import tune_mc1.running.driver  # noqa: F401
    import wandb  # noqa: F401

    gc.collect()
    gc.freeze()


def _serve(spares: Spares) -> tuple[dict[str, Any], Spare | None] | None:
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
            request = json.loads(line)
            spare = spares.take() if request["words"][0] in SWEEPS else None
            fork = os.fork()
            if not fork:
                signal.set_wakeup_fd(-1)
                ended.close()
                wake.close()
                return request, spare
            forks.add(fork)
            _tell(pid=fork, fork_server=0 if spare is None else spare.pid)
            if spare is not None:
                spare.close()


def _tell(**answer: int) -> None:
    os.write(1, json.dumps(answer).encode() + b"\n")


def _tell_ends(forks: set[int]) -> None:
    for fork in list(forks):
        found, status = os.waitpid(fork, os.WNOHANG)
        if found:
            forks.remove(fork)
            _tell(pid=fork, status=os.waitstatus_to_exitcode(status))


def _become(request: dict[str, Any], spare: Spare | None) -> None:
    """Goes on as the command, as `python -m tune_mc1` does."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _take_files(request, () if spare is None else spare.pipes())
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    np.random.seed()
    tempfile.tempdir = None
    sys.path[sys.path.index(STARTED_IN)] = request["cwd"]  # Ray has put one before it
    sys.argv = ["tune_mc1", *request["words"]]
    CONFIG.get()("")  # Ray reads variables again
    if spare is not None:
        spare.stand_in()
    status = [1]
    atexit.register(_leave, os.getpid(), status)  # after what the command registers
    try:
        runpy.run_module("tune_mc1", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            status[0] = end.code or 0
        raise
    status[0] = 0


def _leave(command: int, status: list[int]) -> None:
    """Ends a command without taking apart what was imported, on which Triton would comment."""
    if os.getpid() != command:
        return
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(status[0])


def _take_files(request: dict[str, Any], kept: Sequence[int]) -> None:
    """Makes the files of a request standard input, output and error, and closes all but a few."""
    for number, path in enumerate((os.devnull, request["out"], request["err"])):
        file = os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT, 0o644)
        os.dup2(file, number)
        os.close(file)
    close_all(kept)


if __name__ == "__main__":
    main()
