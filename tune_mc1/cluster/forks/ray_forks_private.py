"""Has our own Ray take forks of one process that has imported the libraries as its processes.

Ray starts a process in two steps that import Ray each, and then PyTorch and Lightning follow: some
seconds of CPU and some hundred megabytes for each. Here it starts `fork_client.py` as the first
step, which has `fork_server.py` fork the process.

Private names of Ray: where it starts its node manager, the parameter with the first step, and how
it starts Python as an agent.
"""

import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Self

from tune_mc1.cluster.forks.fork_client import IF_FORKED, SOCKET
from tune_mc1.cluster.forks.ray_agents_private import arguments
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
AGENT = PrivateName(
    "ray._private.services:_build_python_executable_command_memory_profileable",
    "has Ray take forks as its agents",
    "seen in Ray 2.60",
    "each agent of Ray imports it for itself: a later start",
)
NAMES = (START, FIRST_STEP, AGENT)

_CLIENT = Path(__file__).with_name("fork_client.py")

GPUS = ("nvidia[0-9]*", "kfd", "accel*")
"""Devices of `/dev`."""


def has_gpu() -> bool:
    """True if this machine has a device for training, whether it can be used or not."""
    return any(any(Path("/dev").glob(name)) for name in GPUS)


def usable() -> bool:
    """True on Linux without a GPU: nobody has tried forks beside one."""
    return sys.platform == "linux" and not has_gpu()


def _start_agent(usual: Callable[..., list[str]], *args: Any, **named: Any) -> list[str]:
    """Beginning of the command of an agent, which Ray may have profiled instead."""
    command = usual(*args, **named)
    if command != [sys.executable, "-u"]:
        return command
    return [sys.executable, str(_CLIENT), *arguments(*args[:1]), IF_FORKED]


class ForkServer:
    """The process whose forks our own Ray takes; it ends with this one, and its forks with it.

    Leaving it as a context ends it, too.

    Args:
        libraries: `module:function` that imports libraries, without Ray.
        with_ray: `module:function` that imports Ray, and what of the processes imports it.
    """

    def __init__(self, libraries: str, with_ray: str) -> None:
        self._preload = libraries, with_ray
        self._name = f"tune_mc1-forks-{secrets.token_hex(16)}"
        self._process: subprocess.Popen[bytes] | None = None
        self._listening = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Starts to import; does nothing if it has."""
        if self._process is not None:
            return
        module = "tune_mc1.cluster.forks.fork_server"
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, self._name, *self._preload],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is not for it
        )

    @contextmanager
    def taken(self) -> Iterator[None]:
        """A block in which Ray may start on this machine; its processes are forks then."""
        self.start()
        if not (START.usable() and FIRST_STEP.usable()):
            yield
            return
        start, agent = START.get(), AGENT.get()

        def start_raylet(node: Any, *args: Any, **named: Any) -> None:
            if self._listens():  # else it has ended, and Ray's own way is taken
                os.environ[SOCKET] = self._name
                node._ray_params.setup_worker_path = str(_CLIENT)
                AGENT.replace(partial(_start_agent, agent))
            try:
                start(node, *args, **named)
            finally:
                AGENT.replace(agent)
                os.environ.pop(SOCKET, None)

        START.replace(start_raylet)
        try:
            yield
        finally:
            START.replace(start)

    def _listens(self) -> bool:
        """True once its socket is there; False if it ended before."""
        assert self._process is not None
        assert self._process.stdout is not None
        self._listening = self._listening or bool(self._process.stdout.readline())
        return self._listening

    def close(self) -> None:
        """Ends the process, and what is left of its forks."""
        if self._process is None:
            return
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        try:
            self._process.wait(2)
        except subprocess.TimeoutExpired:  # it may still be importing
            self._process.kill()
            self._process.wait()
        self._process = None
