"""Timely end of a sweep: on Ctrl-C, SIGTERM, a closed terminal, or when Ray is gone.

The first signal ends the sweep cleanly: at a point where nothing is half written, and within
`DEADLINE_S`. A second signal, or the deadline, ends the process at once; the journal is complete.
"""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from tune_mc1.errors import SweepStopped

STEP_S = 1.5
"""Maximum seconds for each exit hook when the process exits at once."""

DEADLINE_S = 11.0
"""Seconds from the first signal until the process exits at once, plus `STEP_S` per exit hook."""

LATER_S = 0.05
"""Seconds after which a signal is sent again that came while a log line was written."""

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INTERRUPTED = 130
"""Exit status of a command that was ended by a signal: 128 + SIGINT, as in shells."""


class Interruption:
    """Handles signals between `install` and the end of the process.

    Attributes:
        exit_message: Printed when the process exits at once.
        exit_hooks: Called before the process exits at once; one that fails does not stop the
            others.
    """

    def __init__(self) -> None:
        self.exit_message = ""
        self.exit_hooks: list[Callable[[], Any]] = []
        self._reason: str | None = None
        self._since: float | None = None
        self._interruptible = False

    def install(self) -> None:
        """Takes over the signals, again if a library has replaced it. Ignored signals stay so."""
        for number in SIGNALS:
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._on_signal)

    @property
    def seconds_left(self) -> float:
        """Seconds until the process exits at once; infinite if no end was requested."""
        if self._since is None:
            return float("inf")
        return max(0.0, self._since + DEADLINE_S - time.monotonic())

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """A signal inside this block raises at once instead of at the next `check`.

        For blocks that write nothing.
        """
        self.check()
        self._interruptible = True
        try:
            yield
        finally:
            self._interruptible = False

    def check(self) -> None:
        """Raises `SweepStopped` if the end of the sweep was requested.

        Raises:
            SweepStopped: If a signal was received, or the sweep cannot continue.
        """
        if self._since is not None:
            raise SweepStopped(self._reason)

    def stop(self, reason: str | None) -> None:
        """Requests the end of the sweep, from any thread.

        Args:
            reason: Reason to report; None if the user requested it.
        """
        if self._since is None:
            self._since, self._reason = time.monotonic(), reason
            timer = threading.Timer(DEADLINE_S, self._exit_now)
            timer.daemon = True
            timer.start()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._interruptible and _in_logging(frame):
            # An exception there is lost if it is in a hook of a fork, and logging's lock is kept.
            main = threading.main_thread().ident or 0
            again = threading.Timer(LATER_S, signal.pthread_kill, (main, number))
            again.daemon = True
            again.start()
            return
        if self._since is not None:
            self._exit_now()
        self.stop(None)
        if self._interruptible:
            raise SweepStopped

    def _exit_now(self) -> None:
        for step in self.exit_hooks:
            # In a thread, as the signal may have interrupted code that holds a lock the step needs.
            thread = threading.Thread(target=_quietly, args=(step,), daemon=True)
            thread.start()
            thread.join(STEP_S)
        with suppress(BaseException):
            reason = f"{self._reason}\n" if self._reason else ""
            os.write(sys.stderr.fileno(), f"\n{reason}{self.exit_message}\n".encode())
        os._exit(1 if self._reason else INTERRUPTED)


def _in_logging(frame: FrameType | None) -> bool:
    while frame is not None and frame.f_code.co_filename != logging.__file__:
        frame = frame.f_back
    return frame is not None


def _quietly(step: Callable[[], Any]) -> None:
    with suppress(BaseException):
        step()
