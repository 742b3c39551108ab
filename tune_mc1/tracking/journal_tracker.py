"""Base class of trackers that follow the journal in their own thread."""

import threading
from abc import ABC, abstractmethod
from queue import SimpleQueue
from typing import TYPE_CHECKING, ClassVar, TypeVar

from tune_mc1.results.events import Event
from tune_mc1.results.journal import read_events
from tune_mc1.tracking.tracker import TRACKERS, Notify, failure

if TYPE_CHECKING:
    from tune_mc1.results.directory import ResultDir
    from tune_mc1.results.tables import SweepTables

PATIENCE_S = 5.0
"""Seconds of waiting at the end of a sweep before a notice says why."""


class JournalTracker(ABC):
    """Receives each event of the journal, in order.

    `begin`, `take`, `caught_up` and `close` run in their own thread, so they may wait for a server.
    An exception from them is reported once and ends the tracker, not the sweep. `register_tracker`
    registers a class.

    Args:
        where: The result directory.
        notify: Called with each notice for the user, in the main thread.

    Attributes:
        name: The word for `--tracker`.
        where: The result directory.
        tables: Tables of all events so far, including those before a resumed sweep: `trials` has
            one row per trial, with its parameters, state and best metrics.
    """

    name: str
    poll_s: ClassVar[float] = 0.25
    end_wait_s: ClassVar[float] = 20.0
    tables: "SweepTables"

    def __init__(self, where: "ResultDir", notify: Notify) -> None:
        self.where = where
        self._notify = notify
        self._notices: SimpleQueue[str] = SimpleQueue()
        self._ending, self._abandoned = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._offset = 0
        self._failed = False

    def begin(self) -> None:  # noqa: B027  most have nothing to begin
        """Called before the first event; `tables` is as the sweep, if resumed, left it before."""

    @abstractmethod
    def take(self, event: Event) -> None:
        """Handles an event, which `tables` already includes.

        Args:
            event: An event of the journal (`tune_mc1.results.events`).
        """

    def caught_up(self) -> None:  # noqa: B027  most write at once
        """Called when all events so far have been handled."""

    def close(self) -> None:  # noqa: B027  most have nothing to close
        """Called after the last event."""

    def say(self, notice: str) -> None:
        """Shows a notice to the user."""
        self._notices.put(notice)

    def start(self) -> None:
        """Starts the thread, which handles all events from now on."""
        if self.where.journal.exists():
            self._offset = self.where.journal.stat().st_size
        self._thread.start()

    def check(self) -> None:
        """Passes on notices."""
        while not self._notices.empty():
            self._notify(self._notices.get())

    def finish(self, timeout_s: float | None = None) -> bool:
        """Waits until every event is handled.

        Args:
            timeout_s: Maximum wait in seconds; None for `end_wait_s`.

        Returns:
            Whether every event was handled.
        """
        limit = self.end_wait_s if timeout_s is None else timeout_s
        self._ending.set()
        self._thread.join(min(PATIENCE_S, limit))
        if self._thread.is_alive() and limit > PATIENCE_S:
            self._notify(f"Tracker {self.name}: waiting up to {limit:.2g} s; Ctrl-C skips it.")
            self._thread.join(limit - PATIENCE_S)
        self.check()
        if self._thread.is_alive():
            self._abandoned.set()
            self._notify(f"Tracker {self.name}: incomplete, as it did not finish in {limit:.2g} s.")
        return not (self._failed or self._abandoned.is_set())

    def abandon(self) -> None:
        """Ignores all further events."""
        self._abandoned.set()
        self._ending.set()

    def _run(self) -> None:
        try:
            self._take_all()
            self.close()
        except Exception as error:
            self._failed = True
            self.say(failure(self.name, error))

    def _take_all(self) -> None:
        from tune_mc1.results.tables import SweepTables  # slow, so it is imported in the thread

        self.tables = SweepTables()
        for event, end in read_events(self.where.journal):
            if end > self._offset:
                break
            self.tables.apply(event)
        self.begin()
        while not self._abandoned.is_set():
            last = self._ending.wait(self.poll_s)  # checked before reading, so nothing is missed
            for event, offset in read_events(self.where.journal, self._offset):
                if self._abandoned.is_set():
                    return
                self._offset = offset
                self.tables.apply(event)
                self.take(event)
            self.caught_up()
            if last:
                return


AnyTracker = TypeVar("AnyTracker", bound=JournalTracker)


def register_tracker(tracker: type[AnyTracker]) -> type[AnyTracker]:
    """Class decorator that registers a tracker by its `name`."""
    TRACKERS.register(tracker.name, lambda _: tracker)
    return tracker
