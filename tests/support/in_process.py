"""The command in this process: no start of Python, and one Ray for all sweeps of the test run.

A sweep by the real command costs a start of Python, of Ray and of each of its processes, most of a
minute on a busy core. Tests whose subject is none of these run their sweeps here.
"""

import atexit
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from unittest.mock import patch

import ray
import yaml

from tune_mc1.cli.app import main
from tune_mc1.cluster.forks.ray_forks_private import ForkServer, usable
from tune_mc1.cluster.ray_runtime import start_ray
from tune_mc1.cluster.ray_temp import remove
from tune_mc1.cluster.ray_tokens_private import AUTH_MODE, set_auth_mode
from tune_mc1.interruption import SIGNALS
from tune_mc1.results.journal import read_records
from tune_mc1.running.preload import (
    import_modules,
    import_programs,
    import_training,
    load_modules,
    path_of,
)

_temp: list[Path] = []
_forks: list[ForkServer] = []


@dataclass
class Done:
    """A command that has ended, with the names of `subprocess.CompletedProcess`."""

    returncode: int
    stdout: str
    stderr: str


@dataclass
class Ran:
    """A sweep that has ended."""

    status: int
    out: str
    err: str
    root: Path

    def events(self, kind: str) -> list[dict[str, Any]]:
        return [e for e, _ in read_records(self.root / "journal.jsonl") if e["event"] == kind]


def run_here(*words: str | Path, cwd: Path, **env: str) -> Done:
    """Runs the command; a sweep takes the Ray of `connected`, which must be there."""
    out, err = StringIO(), StringIO()
    with (
        _as_process(cwd, ["tune_mc1", *map(str, words)], env),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as exit_:
            status = int(exit_.code or 0)
        else:
            status = 0
    return Done(status, out.getvalue(), err.getvalue())


def sweep_here(
    folder: Path, content: dict[str, Any], command: str, *words: str | Path, **env: str
) -> Ran:
    """Runs a sweep file into `folder`/out, on the Ray of this process."""
    file = folder / "sweep.yaml"
    file.write_text(yaml.safe_dump(content))
    connected()
    done = run_here("sweep", command, file, "-o", folder / "out", *words, cwd=folder, **env)
    assert (folder / "out").is_dir(), done.stderr
    (root,) = (folder / "out").iterdir()
    return Ran(done.returncode, done.stdout, done.stderr, root)


def connected() -> None:
    """Starts Ray as a sweep starts its own, unless it is there; a sweep then leaves it running."""
    for tries_left in (2, 1, 0):  # as a sweep has them, as Ray gives up after 30 s
        if ray.is_initialized():
            return
        _temp.append(Path(mkdtemp(prefix="ray-", dir="/tmp")))
        try:
            with patch.dict(os.environ):
                set_auth_mode(None)
                start_ray(None, _temp[-1], forks=forks_of_tests())
        except Exception:
            if not tries_left:
                raise
            disconnect()


def forks_of_tests() -> ForkServer | None:
    """The process whose forks serve all tests of this process; None where forks are not usable."""
    if usable() and not _forks:
        here = f"{import_workers.__module__}:{import_workers.__name__}"
        _forks.append(ForkServer(path_of(load_modules), here))
        atexit.register(_forks[0].close)
    return _forks[0] if _forks else None


def import_workers() -> None:
    """Imports Ray and what any test may need of its processes."""
    import_modules()
    import_training()
    import_programs()


def disconnect() -> None:
    """Ends Ray, where a test needs another one, or none."""
    ray.shutdown()
    set_auth_mode(os.environ.get(AUTH_MODE))
    while _temp:
        remove(_temp.pop())


@contextmanager
def _as_process(cwd: Path, argv: list[str], env: dict[str, str]) -> Iterator[None]:
    """Puts back what a command leaves behind in its process."""
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    before = Path.cwd()
    os.chdir(cwd)
    try:
        with (
            patch.dict(os.environ, {"COLUMNS": "160", **env}),
            patch.object(sys, "argv", argv),
        ):
            yield
    finally:
        os.chdir(before)
        for number, handler in handlers.items():
            signal.signal(number, handler)
