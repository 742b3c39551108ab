"""Has our own Ray take forks of one process that has imported the libraries as its processes.

Ray starts a process in two steps that import Ray each, and then PyTorch and Lightning follow: some
seconds of CPU and some hundred megabytes for each. Here it starts `fork_client.py` as the first
step, which has `fork_server.py` fork the process.

Private names of Ray: where it starts its node manager, and the parameter with the first step.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tune_mc1.cluster.forks.fork_client import SOCKET
from tune_mc1.private_names import PrivateName

_WITHOUT = "each process of a sweep imports PyTorch for itself: a later start, and more memory"

START = PrivateName(
    "ray._private.node:Node.start_raylet",
    "has Ray take forks as its processes",
    "seen in Ray 2.60",
    _WITHOUT,
)
FIRST_STEP = PrivateName(
    "ray._private.parameter:RayParams(setup_worker_path)",
    "names the program that Ray starts as a process",
    "seen in Ray 2.60",
    _WITHOUT,
)
NAMES = (START, FIRST_STEP)

_CLIENT = Path(__file__).with_name("fork_client.py")

GPUS = ("nvidia[0-9]*", "kfd", "accel*")
"""Devices of `/dev`. Nobody has tried forks beside them, so there are none."""


def usable() -> bool:
    """True on Linux without a GPU, with a version of Ray that has the names."""
    here = sys.platform == "linux" and not any(any(Path("/dev").glob(name)) for name in GPUS)
    return here and START.usable() and FIRST_STEP.usable()


class ForkServer:
    """The process whose forks Ray takes; it ends with this one, and its forks with it.

    Args:
        preload: `module:function` that imports what the processes need.
        folder: Where to put its socket; the path must be short.
    """

    def __init__(self, preload: str, folder: Path) -> None:
        self._listening = False
        self._socket = folder / "forks.socket"
        folder.mkdir(mode=0o700, exist_ok=True)
        module = "tune_mc1.cluster.forks.fork_server"
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, str(self._socket), preload],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is not for it
        )

    @contextmanager
    def taken(self) -> Iterator[None]:
        """A block in which Ray may start on this machine; its processes are forks then."""
        start = START.get()

        def start_raylet(node: Any, *args: Any, **named: Any) -> None:
            if self._listens():  # else it has ended, and Ray's own way is taken
                os.environ[SOCKET] = str(self._socket)
                node._ray_params.setup_worker_path = str(_CLIENT)
            try:
                start(node, *args, **named)
            finally:
                os.environ.pop(SOCKET, None)

        START.replace(start_raylet)
        try:
            yield
        finally:
            START.replace(start)

    def _listens(self) -> bool:
        """True once its socket is there; False if it ended before."""
        assert self._process.stdout is not None
        self._listening = self._listening or bool(self._process.stdout.readline())
        return self._listening

    def close(self) -> None:
        """Ends the process, and what is left of its forks."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(2)
        self._socket.unlink(missing_ok=True)  # as it may have been killed
