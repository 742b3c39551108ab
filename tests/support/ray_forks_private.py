"""Processes of Ray that are forks of one that has imported PyTorch and Lightning, for tests.

A process of a trial takes some seconds of CPU to import them, and most of another as Ray starts it
in two steps that import Ray each: four fifths of what a small sweep takes. In the tests' own Ray
(`in_process.py`), Ray starts `fork_client.py` as the first step, which has `fork_server.py` fork
the process. Tests that run the command in a process of its own do without: what a process imports,
and how it starts, is their subject.

Private names of Ray: `Node.start_raylet`; `setup_worker_path` of its parameters, the first step;
and the arguments that Ray gives to that, up to `default_worker.py`, the second step.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from unittest.mock import patch

from ray._private.node import Node

HERE = Path(__file__).parent
_server: list["Forks"] = []


class Forks:
    """The process whose forks Ray takes; it ends with this one, and its forks with it."""

    def __init__(self) -> None:
        self._folder = Path(mkdtemp(prefix="forks-", dir="/tmp"))
        self.client = Path(shutil.copy(HERE / "fork_client.py", self._folder))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.fork_server", str(self._folder / "socket")],
            cwd=HERE.parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline(), "no server of forks"


@contextmanager
def forking() -> Iterator[None]:
    """A block in which Ray starts on this machine, with processes that are forks."""
    if not _server:
        _server.append(Forks())
    (forks,), start = _server, Node.start_raylet

    def start_raylet(node: Any, *args: Any, **named: Any) -> None:
        node._ray_params.setup_worker_path = str(forks.client)
        start(node, *args, **named)

    with patch.object(Node, "start_raylet", start_raylet):
        yield
