"""Base class of trackers: events of the journal as they come, in a thread of the tracker's own."""

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
"""How long the end of a sweep waits before it says what for."""


class JournalTracker(ABC):
    """Takes each event of the journal, in order.

    `take` and `close` run in a thread of their own, so that they may wait for a server. What they
    raise is said once and ends the tracker, not the sweep. `register_tracker` makes a class known.

    Args:
        where: The result directory.
        notify: Called with each notice for the user, in the main thread.

    Attributes:
        name: The word for `--tracker`.
        where: The result directory.
        tables: What the events so far amount to, those before a resumed sweep too: `trials` has a
            row for each trial, with its parameters, state and best metrics.
    """

    name: ClassVar[str]
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

    @abstractmethod
    def take(self, event: Event) -> None:
        """Takes an event; `tables` has it already.

        Args:
            event: As in the journal (`tune_mc1.results.events`).
        """

    def close(self) -> None:  # noqa: B027  most have nothing to close
        """Ends: no event comes any more."""

    def say(self, notice: str) -> None:
        """Tells the user something."""
        self._notices.put(notice)

    def start(self) -> None:
        """Starts the thread. It takes what the journal gets from now on."""
        if self.where.journal.exists():
            self._offset = self.where.journal.stat().st_size
        self._thread.start()

    def check(self) -> None:
        """Passes on notices."""
        while not self._notices.empty():
            self._notify(self._notices.get())

    def finish(self, timeout_s: float | None = None) -> None:
        """Waits until every event is taken.

        Args:
            timeout_s: Longest wait in seconds; None is `end_wait_s`.
        """
        limit = self.end_wait_s if timeout_s is None else timeout_s
        self._ending.set()
        self._thread.join(min(PATIENCE_S, limit))
        if self._thread.is_alive() and limit > PATIENCE_S:
            self._notify(f"Tracker {self.name}: waiting up to {limit:g} s; Ctrl-C leaves it.")
            self._thread.join(limit - PATIENCE_S)
        self.check()
        if self._thread.is_alive():
            self._abandoned.set()
            self._notify(f"Tracker {self.name}: not finished within {limit:g} s, so incomplete.")

    def abandon(self) -> None:
        """Takes no further event."""
        self._abandoned.set()
        self._ending.set()

    def _run(self) -> None:
        try:
            self._take_all()
            self.close()
        except Exception as error:
            self.say(failure(self.name, error))

    def _take_all(self) -> None:
        from tune_mc1.results.tables import SweepTables  # takes time, and the sweep need not wait

        self.tables = SweepTables()
        for event, end in read_events(self.where.journal):
            if end > self._offset:
                break
            self.tables.apply(event)
        while not self._abandoned.is_set():
            last = self._ending.wait(self.poll_s)  # asked before reading: nothing is missed
            for event, offset in read_events(self.where.journal, self._offset):
                if self._abandoned.is_set():
                    return
                self._offset = offset
                self.tables.apply(event)
                self.take(event)
            if last:
                return


AnyTracker = TypeVar("AnyTracker", bound=JournalTracker)


def register_tracker(tracker: type[AnyTracker]) -> type[AnyTracker]:
    """Makes a tracker known by its `name`, as a decorator of its class."""
    TRACKERS.register(tracker.name, lambda _: tracker)
    return tracker
