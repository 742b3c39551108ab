"""Experiment trackers: protocol, registry, and how a sweep gets its trackers."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from tune_mc1.errors import InputError, did_you_mean
from tune_mc1.registry import Registry

if TYPE_CHECKING:
    from tune_mc1.results.directory import ResultDir

Notify = Callable[[str], None]

DEFAULT = ("wandb",)
"""Trackers of a sweep that names none."""


class Tracker(Protocol):
    """Shows a sweep elsewhere while it runs, fed from its journal.

    No method may wait, except `finish`. A method that raises is said once, and the tracker is
    dropped; the sweep goes on. `tune_mc1.tracking.journal_tracker` has a base class.
    """

    def start(self) -> None:
        """Begins with what the journal gets from now on."""

    def check(self) -> None:
        """Passes on notices. It is called after every step of the sweep, in the main thread."""

    def finish(self, timeout_s: float | None = None) -> None:
        """Waits until all is sent, and ends. The journal is complete by then.

        Args:
            timeout_s: Longest wait in seconds; None is the tracker's own.
        """

    def abandon(self) -> None:
        """Ends without waiting, from any thread: the process is about to end."""


Launch = Callable[["ResultDir", Notify], Tracker]
"""Makes a tracker of a result directory, which passes its notices on to the second argument."""

Setup = Callable[[str | None], Launch | None]
"""Makes ready before anything starts: takes the value of the tracker's own flag, or None.

It gives None if there is nothing to track, and raises InputError if the tracker cannot be used.
"""

TRACKERS: Registry[Setup] = Registry("tracker", folder="tune_mc1.tracking")
"""Every experiment tracker by its name."""


def check_trackers(names: Sequence[str] | None) -> tuple[str, ...]:
    """The trackers of a sweep, once each is known.

    Args:
        names: Names in `TRACKERS`; None is `DEFAULT`.

    Raises:
        InputError: If a tracker is not known.
    """
    for name in names or ():
        if name not in TRACKERS:
            known = (*TRACKERS, "none")
            rule = f"must be {', '.join(known[:-1])} or none"
            raise InputError(f"tracker: {rule}{did_you_mean(name, known)}, got {name!r}")
    return DEFAULT if names is None else tuple(names)


def set_up_trackers(
    names: Sequence[str] | None, options: Mapping[str, str | None]
) -> dict[str, Launch]:
    """Makes trackers ready, before anything starts.

    Args:
        names: Names in `TRACKERS`; None is `DEFAULT`.
        options: Values of flags that a tracker has of its own, by its name.

    Returns:
        What makes each tracker, by its name; without those that have nothing to do.

    Raises:
        InputError: If a tracker is not known, or cannot be used.
    """
    launches: dict[str, Launch] = {}
    for name in check_trackers(names):
        launch = TRACKERS[name](options.get(name))
        if launch is not None:
            launches[name] = launch
    return launches


def make_trackers(
    launches: Mapping[str, Launch], where: "ResultDir", notify: Notify
) -> list[Tracker]:
    """The trackers of a result directory, each of which can fail without harm to the sweep.

    Args:
        launches: What makes them, by name.
        where: The result directory.
        notify: Called with each notice for the user.
    """
    return [_Guarded(name, launch, where, notify) for name, launch in launches.items()]


class _Guarded:
    """A tracker whose first failure is said, and the last thing that it does."""

    def __init__(self, name: str, launch: Launch, where: "ResultDir", notify: Notify) -> None:
        self._name, self._notify = name, notify
        self._launch, self._where = launch, where
        self._tracker: Tracker | None = None

    def start(self) -> None:
        self._guard(self._make_and_start)

    def check(self) -> None:
        if self._tracker is not None:
            self._guard(self._tracker.check)

    def finish(self, timeout_s: float | None = None) -> None:
        tracker = self._tracker
        if tracker is not None:
            self._guard(lambda: tracker.finish(timeout_s))

    def abandon(self) -> None:
        if self._tracker is not None:
            self._tracker.abandon()

    def _make_and_start(self) -> None:
        self._tracker = self._launch(self._where, self._notify)
        self._tracker.start()

    def _guard(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception as error:
            with suppress(Exception):
                self.abandon()
            self._tracker = None
            self._notify(failure(self._name, error))


def failure(name: str, error: BaseException) -> str:
    """The notice that a tracker failed."""
    reason = " ".join(f"{type(error).__name__}: {error}".split())
    return f"Tracker {name}: {reason}. The sweep goes on without it."
