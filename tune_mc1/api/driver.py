"""The process that runs a sweep: started here, or found by the lock of its directory."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from tune_mc1.errors import InputError
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.running_process import elsewhere, holder_of
from tune_mc1.results.steering.ask import ask
from tune_mc1.results.steering.requests import StopSweep
from tune_mc1.results.store.remote import Remote

STEP_S = 0.2
"""Seconds between two looks at a process."""

END_S = 30.0
"""Seconds that a sweep has to end after it was told to: more than it takes (`interruption`)."""


class Show(Protocol):
    """Shows how far a sweep is."""

    def update(self) -> None:
        """Shows it, if it is time."""

    def close(self) -> None:
        """Shows it for the last time."""


class Driver:
    """A process that runs a sweep.

    Attributes:
        speaks: Whether it shows by itself how far the sweep is.
    """

    speaks = False

    def is_alive(self) -> bool:
        """Whether it runs."""
        raise NotImplementedError

    def stop(self) -> None:
        """Tells it to end the sweep."""
        raise NotImplementedError

    def check(self) -> None:
        """Raises the error with which it has ended, if it has."""

    def wait(self, timeout: float | None, show: Show | None) -> None:
        """Waits until it has ended, and raises its error.

        Args:
            timeout: Maximum number of seconds; None waits for the end.
            show: Shows how far the sweep is; None to show nothing.
        """
        end = float("inf") if timeout is None else time.monotonic() + timeout
        try:
            while self.is_alive() and time.monotonic() < end:
                if show is not None:
                    show.update()
                time.sleep(min(STEP_S, max(0.0, end - time.monotonic())))
        except KeyboardInterrupt:
            self.end()
            raise
        finally:
            if show is not None:
                show.close()
        self.check()

    def end(self) -> None:
        """Stops the sweep, and waits until it has ended."""
        self.stop()
        end = time.monotonic() + END_S
        while self.is_alive() and time.monotonic() < end:
            time.sleep(STEP_S)


class OwnDriver(Driver):
    """A process that was started here.

    Args:
        process: The process.
        problem: Returns the error that it told, if any.
        speaks: Whether its output is that of this process.
    """

    def __init__(
        self,
        process: "subprocess.Popen[bytes]",
        problem: Callable[[int], Exception | None],
        *,
        speaks: bool,
    ) -> None:
        self._process, self._problem = process, problem
        self.speaks = speaks
        self._stopped = self._told = False

    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def stop(self) -> None:
        """Sends a signal, once: a second one would end it before it has saved."""
        if not self._stopped and self.is_alive():
            self._stopped = True
            self._process.send_signal(signal.SIGTERM)

    def check(self) -> None:
        """Raises the error with which it has ended, if it has."""
        status = self._process.poll()
        if status is not None and not self._told:
            self._told = True
            if (error := self._problem(status)) is not None:
                raise error

    def is_over(self) -> bool:
        """Whether it has ended, and its error has been raised if there was one."""
        return self._told


class OtherDriver(Driver):
    """The process that runs the sweep of a directory, if one does: by its lock, or its heartbeat.

    Args:
        where: The directory.
        remote: Its folder in an object store; None without one.
    """

    def __init__(self, where: ResultDir, remote: Remote | None = None) -> None:
        self._where, self._remote = where, remote

    def is_alive(self) -> bool:
        """Whether a process holds the lock, or gives signs of life to the store."""
        return holder_of(self._where) is not None or self._elsewhere() is not None

    def _elsewhere(self) -> str | None:
        return elsewhere(self._where, self._remote)

    def stop(self) -> None:
        """Sends a signal, if it runs here; else places a request.

        Raises:
            InputError: If it runs on another machine, and refuses to stop.
        """
        holder = holder_of(self._where)
        if holder is None and self._elsewhere() is None:
            return
        if holder is not None and holder.is_here:
            with suppress(ProcessLookupError):
                os.kill(holder.process, signal.SIGTERM)
            return
        answer = ask(self._where, StopSweep())
        if answer.state == "refused":
            raise InputError(answer.line)
