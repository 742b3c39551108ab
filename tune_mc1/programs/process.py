"""A program as a process: started, awaited, ended with all that it has started itself."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import IO, Self

GRACE_S = 5.0
"""Seconds that a program has between SIGTERM and SIGKILL."""

_SUPERVISOR = Path(__file__).with_name("supervisor.py")
_LOST = "lost"


@dataclass(frozen=True)
class Ending:
    """How a program ended.

    Attributes:
        kind: `exit`; `signal`; or `lost` where something killed its supervisor.
        number: Exit status, or number of the signal.
    """

    kind: str
    number: int = 0

    @property
    def ok(self) -> bool:
        """Whether its exit status was 0."""
        return self.kind == "exit" and self.number == 0

    def __str__(self) -> str:
        """`exit status 2`, `killed by SIGKILL (out of memory?)` and the like."""
        if self.kind == "exit":
            return f"exit status {self.number}"
        if self.kind == _LOST:
            return "killed together with its supervising process"
        try:
            name = signal.Signals(self.number).name
        except ValueError:
            name = f"signal {self.number}"
        hint = " (out of memory?)" if self.number == signal.SIGKILL else ""
        return f"killed by {name}{hint}"


@dataclass(frozen=True)
class Held:
    """How far a program is that another process takes over.

    Attributes:
        supervisor: Process id of its supervisor.
        said: What the supervisor has said so far.
        ending: How it ended; None if it still runs.
        ended: When that was seen, in seconds since 1970; None if it still runs.
    """

    supervisor: int
    said: str
    ending: Ending | None = None
    ended: float | None = None


class Program:
    """A running program. It is in a session of its own, and ends when this process does.

    Args:
        words: Its command line.
        directory: Its working directory.
        environment: All of its environment variables.
        log: File to which all of its output is appended, without passing through this process.
        grace_s: Seconds between SIGTERM and SIGKILL when it is stopped.

    Attributes:
        ending: How it ended; None while it runs, as far as has been seen.
        ended: When that was seen, in seconds since 1970; None until then.
        supervisor: Process id of the parent of the program, and of all that lost theirs.

    Raises:
        OSError: The working directory is gone, or the system has no process left.
    """

    def __init__(
        self,
        words: Sequence[str],
        directory: Path,
        environment: Mapping[str, str],
        log: Path,
        grace_s: float = GRACE_S,
    ) -> None:
        log = log.absolute()
        log.parent.mkdir(parents=True, exist_ok=True)
        self._process: subprocess.Popen[bytes] | None = subprocess.Popen(
            [sys.executable, "-I", "-S", _SUPERVISOR, log, str(grace_s), *words],
            cwd=directory,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._keep(Held(self._process.pid, ""), self._process.stdin, self._process.stdout)

    def _keep(self, held: Held, to: IO[bytes], from_: IO[bytes]) -> None:
        self.ending, self.ended = held.ending, held.ended
        self.supervisor, self._said = held.supervisor, held.said.encode()
        self._to, self._from = to, from_

    @property
    def held(self) -> Held:
        """How far it is."""
        return Held(self.supervisor, self._said.decode(), self.ending, self.ended)

    @property
    def files(self) -> list[int]:
        """Descriptors of the pipes to and from its supervisor; empty if it has ended."""
        return [] if self.ending is not None else [self._to.fileno(), self._from.fileno()]

    def let_go(self) -> None:
        """Leaves it to the process that has got its files."""
        self._to.close()
        self._from.close()

    def __enter__(self) -> Self:
        """Stops the program at the end of the block, if it still runs."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self.stop()
        while self.wait(60.0) is None:
            pass

    @property
    def pid(self) -> int | None:
        """Process id of the program; None until it has been started."""
        self.wait(0.0)
        return self._pid

    @property
    def _pid(self) -> int | None:
        first = self._said.split(b"\n")[0].split()
        return int(first[1]) if len(first) == 2 else None

    def stop(self) -> None:
        """Asks the program to end: SIGTERM, and SIGKILL after the grace period. Returns at once."""
        self._to.close()

    def wait(self, limit_s: float) -> Ending | None:
        """Waits until the program and all that it has started have ended.

        Args:
            limit_s: Seconds to wait at most.

        Returns:
            How it ended; None if it still runs.
        """
        end = time.monotonic() + limit_s
        while self.ending is None:
            left = max(0.0, end - time.monotonic())
            if not _readable(self._from.fileno(), left):
                return None
            said = os.read(self._from.fileno(), 4096)
            self._said += said
            if not said:
                self.ending, self.ended = self._end(), time.time()
        return self.ending

    def _end(self) -> Ending:
        self.let_go()
        if self._process is not None:
            self._process.wait()
        lines = self._said.decode().splitlines()
        if len(lines) == 2:
            kind, number = lines[1].split()
            return Ending(kind, int(number))
        if self._pid is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._pid, signal.SIGKILL)
        return Ending(_LOST)


class TakenOver(Program):
    """A program that another process has started, and that ends with this one from now on.

    Args:
        held: How far it is.
        files: Descriptors of the pipes to and from its supervisor; empty if it has ended.
    """

    def __init__(self, held: Held, files: Sequence[int]) -> None:
        self._process = None
        if files:
            self._keep(held, os.fdopen(files[0], "wb", 0), os.fdopen(files[1], "rb", 0))
        else:
            self._keep(held, BytesIO(), BytesIO())


def _readable(file: int, limit_s: float) -> bool:
    if hasattr(select, "poll"):  # select() takes no file descriptors beyond 1024
        poll = select.poll()
        poll.register(file, select.POLLIN)
        return bool(poll.poll(limit_s * 1000))
    return bool(select.select([file], [], [], limit_s)[0])
