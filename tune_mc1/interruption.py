"""Ends a sweep in time: at Ctrl-C, SIGTERM, a closed terminal, or when Ray is gone.

The first signal ends it in order: at a point where nothing is half written, and within
`DEADLINE_S`. The second, and the deadline, end the process at once; the journal has everything.
"""

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
"""Longest that one of the steps takes when the process ends at once."""

DEADLINE_S = 11.0
"""Seconds from the first signal until the process is ended at once, which takes `STEP_S` a step."""

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INTERRUPTED = 130
"""Exit status of a command that a signal has ended: 128 + SIGINT, as shells have it."""


class Interruption:
    """Handles signals between `install` and the end of the process.

    Attributes:
        last_words: Printed when the process ends at once.
        leaving: Called before the process ends at once, each whatever the others do.
    """

    def __init__(self) -> None:
        self.last_words = ""
        self.leaving: list[Callable[[], Any]] = []
        self._reason: str | None = None
        self._since: float | None = None
        self._at_any_point = False

    def install(self) -> None:
        """Takes over the signals; again after a library has taken them. Ignored ones stay so."""
        for number in SIGNALS:
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._on_signal)

    @property
    def seconds_left(self) -> float:
        """Until the process ends at once; infinite where nothing has asked for its end."""
        if self._since is None:
            return float("inf")
        return max(0.0, self._since + DEADLINE_S - time.monotonic())

    @contextmanager
    def at_any_point(self) -> Iterator[None]:
        """In this block, which writes nothing, a signal need not wait for `check`."""
        self.check()
        self._at_any_point = True
        try:
            yield
        finally:
            self._at_any_point = False

    def check(self) -> None:
        """Raises what has been asked for, if anything.

        Raises:
            SweepStopped: If a signal came, or the sweep cannot go on.
        """
        if self._since is not None:
            raise SweepStopped(self._reason)

    def stop(self, reason: str | None) -> None:
        """Asks the sweep to end, from any thread.

        Args:
            reason: Why; None if the user wants it.
        """
        if self._since is None:
            self._since, self._reason = time.monotonic(), reason
            timer = threading.Timer(DEADLINE_S, self._leave)
            timer.daemon = True
            timer.start()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._since is not None:
            self._leave()
        self.stop(None)
        if self._at_any_point:
            raise SweepStopped

    def _leave(self) -> None:
        for step in self.leaving:
            # In a thread, as the signal may have come where a lock is held that the step needs.
            thread = threading.Thread(target=_quietly, args=(step,), daemon=True)
            thread.start()
            thread.join(STEP_S)
        with suppress(BaseException):
            reason = f"{self._reason}\n" if self._reason else ""
            os.write(sys.stderr.fileno(), f"\n{reason}{self.last_words}\n".encode())
        os._exit(1 if self._reason else INTERRUPTED)


def _quietly(step: Callable[[], Any]) -> None:
    with suppress(BaseException):
        step()
