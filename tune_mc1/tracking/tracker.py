"""Experiment trackers: protocol, registry, and setup for a sweep."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from tune_mc1.config.logger_class import LoggerClass, is_class_path
from tune_mc1.errors import InputError, did_you_mean
from tune_mc1.registry import Registry

if TYPE_CHECKING:
    from tune_mc1.results.directory import ResultDir

Notify = Callable[[str], None]

DEFAULT = ("wandb",)
"""Trackers of a sweep that does not name any."""


class Tracker(Protocol):
    """Shows a running sweep elsewhere, fed from its journal.

    Methods must not block, except `finish`. The first exception is reported, and the tracker is
    dropped; the sweep continues. `tune_mc1.tracking.journal_tracker` has a base class.
    """

    def start(self) -> None:
        """Starts tracking, with the journal's events from now on."""

    def check(self) -> None:
        """Passes on notices; called after every step of the sweep, in the main thread."""

    def finish(self, timeout_s: float | None = None) -> bool | None:
        """Waits until everything is sent, and ends; the journal is complete.

        Args:
            timeout_s: Maximum wait in seconds; None for the tracker's own limit.

        Returns:
            False if something is missing, so that a resume starts the tracker again even if the
            sweep has nothing left to run.
        """

    def abandon(self) -> None:
        """Ends without waiting, from any thread, as the process is about to exit."""


Launch = Callable[["ResultDir", Notify], Tracker]
"""Creates the tracker of a result directory, which passes notices to the second argument."""

Setup = Callable[[str | None], Launch | None]
"""Sets up a tracker before anything starts, with the value of the tracker's own flag, or None.

It returns None if the tracker is disabled, and raises InputError if it cannot be used.
"""

TRACKERS: Registry[Setup] = Registry("tracker", folder="tune_mc1.tracking")
"""Experiment trackers by name."""


def check_trackers(
    names: Sequence[str | LoggerClass] | None, options: Mapping[str, str | None]
) -> tuple[str, ...]:
    """The trackers of a sweep, once each is known.

    Args:
        names: Names in `TRACKERS`, and classes of Lightning loggers; None is `DEFAULT`.
        options: Values of the trackers' own flags, by tracker; None if a flag is not given.

    Returns:
        Their names; a logger's is its class path.

    Raises:
        InputError: If a tracker is not known, or a flag is given for one that the sweep lacks.
    """
    used = DEFAULT if names is None else tuple(map(_name, names))
    for name in used:
        if name not in TRACKERS and not is_class_path(name):
            known = (*TRACKERS, "none")
            rule = f"must be {', '.join(known[:-1])}, none or the class path of a Lightning logger"
            raise InputError(f"tracker: {rule}{did_you_mean(name, known)}, got {name!r}")
    for name, value in options.items():
        if value is not None and name not in used:
            rule = f"only valid with tracker {name}"
            raise InputError(f"--{name}: {rule}, got {value!r} with {', '.join(used) or 'none'}")
    return used


def _name(tracker: str | LoggerClass) -> str:
    return tracker if isinstance(tracker, str) else tracker.class_path


def set_up_trackers(
    names: Sequence[str | LoggerClass] | None, options: Mapping[str, str | None]
) -> dict[str, Launch]:
    """Sets up trackers, before anything starts.

    Args:
        names: As in `check_trackers`.
        options: Values of the trackers' own flags, by tracker name.

    Returns:
        Launch functions of the enabled trackers, by name.

    Raises:
        InputError: If a tracker is unknown, or cannot be used.
    """
    launches: dict[str, Launch] = {}
    check_trackers(names, options)
    for tracker in DEFAULT if names is None else names:
        name = _name(tracker)
        if name in TRACKERS:
            launch = TRACKERS[name](options.get(name))
        else:
            from tune_mc1.tracking.lightning_logger import set_up_logger

            given = tracker if isinstance(tracker, LoggerClass) else LoggerClass(class_path=name)
            launch = set_up_logger(given)
        if launch is not None:
            launches[name] = launch
    return launches


def make_trackers(
    launches: Mapping[str, Launch], where: "ResultDir", notify: Notify
) -> list[Tracker]:
    """The trackers of a result directory, whose failures do not affect the sweep.

    Args:
        launches: Their launch functions, by name.
        where: The result directory.
        notify: Called with each notice for the user.
    """
    return [_Guarded(name, launch, where, notify) for name, launch in launches.items()]


class _Guarded:
    """A tracker that is dropped, with a notice, after its first failure."""

    def __init__(self, name: str, launch: Launch, where: "ResultDir", notify: Notify) -> None:
        self._name, self._notify = name, notify
        self._launch, self._where = launch, where
        self._tracker: Tracker | None = None

    def start(self) -> None:
        self._guard(self._make_and_start)

    def check(self) -> None:
        if self._tracker is not None:
            self._guard(self._tracker.check)

    def finish(self, timeout_s: float | None = None) -> bool | None:
        tracker, whole = self._tracker, []
        if tracker is not None:
            self._guard(lambda: whole.append(tracker.finish(timeout_s)))
        return False not in whole and bool(whole)

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
    return f"Tracker {name}: {reason}. The sweep continues without it."
