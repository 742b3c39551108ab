"""Tracker that mirrors a sweep as runs of another tool, one per trial."""

from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

from tune_mc1.errors import InputError
from tune_mc1.results.events import Event
from tune_mc1.results.states import ENDED
from tune_mc1.tracking.journal_tracker import JournalTracker
from tune_mc1.tracking.tracker import TRACKERS, Launch, Notify, Tracker
from tune_mc1.tracking.trial_runs import IMPORTS, Mirror, Source, TrialRuns

if TYPE_CHECKING:
    from tune_mc1.results.directory import ResultDir

MakeRuns = Callable[["ResultDir", Source], TrialRuns]
"""Creates the runs of a result directory; called in the tracker's own thread."""


class RunTracker(JournalTracker):
    """Feeds runs from the journal.

    A resumed sweep first completes the runs of the trials that ran before, so that each epoch is in
    its run once, however the sweep ended.

    Args:
        name: Name in notices.
        make: Creates the runs.
        where: The result directory.
        notify: Called with each notice for the user.
    """

    end_wait_s = 60.0

    def __init__(self, name: str, make: MakeRuns, where: "ResultDir", notify: Notify) -> None:
        self.name = name
        super().__init__(where, notify)
        self._make = make
        self._due: dict[str, int] = {}

    def begin(self) -> None:
        """Creates the store's side, and completes runs of trials that ran before."""
        source = Source(self.where, self.tables)
        with IMPORTS[self.name]:
            self._mirror = Mirror(self._make(self.where, source))
            self._mirror.runs.begin()
        for trial in source.started:
            if self._abandoned.is_set():
                return
            self._mirror.update(trial, ends=source.row(trial)["state"] in ENDED)
        self._pass_on()

    def take(self, event: Event) -> None:
        """Notes which runs have changed, and from which epoch on."""
        trial = event.get("trial")
        if not isinstance(trial, str) or trial not in self.tables.trials:
            return
        row = self.tables.trials[trial]
        epoch = int(event.get("epoch") or 0) if event["event"] == "epoch" else row["epochs_run"] + 1
        self._due[trial] = max(1, min(epoch, self._due.get(trial, epoch)))

    def caught_up(self) -> None:
        """Writes what has changed."""
        started = set(self._mirror.runs.source.started) if self._due else set()
        while self._due and not self._abandoned.is_set():
            trial = next(iter(self._due))
            since = self._due.pop(trial)
            if trial in started:
                self._mirror.update(trial, since)
        self._pass_on()

    def close(self) -> None:
        """Ends the runs of trials that were interrupted, and closes the store's side."""
        if not self._abandoned.is_set():
            self._mirror.update_all()
        self._mirror.runs.close()
        self._pass_on()

    def _pass_on(self) -> None:
        """Shows the user what the runs have to say."""
        notices, self._mirror.runs.notices = self._mirror.runs.notices, []
        for notice in notices:
            self.say(f"Tracker {self.name}: {notice}.")


def register_runs(name: str, packages: Sequence[str], make: MakeRuns) -> Callable[[], None]:
    """Registers a tracker by name that has no flag of its own.

    Args:
        name: Its name, and that of the extra with what it needs.
        packages: Names of modules that it needs; checked without importing them.
        make: Creates the runs.

    Returns:
        A function that raises InputError unless the packages are installed.
    """

    def require() -> None:
        missing = [package for package in packages if find_spec(package) is None]
        if missing:
            rule = f"needs {' and '.join(missing)}"
            raise InputError(f"{name}: {rule}: pip install 'tune_mc1[{name}]'")

    def set_up(_: str | None) -> Launch:
        require()
        return launcher(name, make)

    TRACKERS.register(name, set_up)
    return require


def launcher(name: str, make: MakeRuns) -> Launch:
    """The launch function of such a tracker."""
    return partial(_launch, name, make)


def _launch(name: str, make: MakeRuns, where: "ResultDir", notify: Notify) -> Tracker:
    return RunTracker(name, make, where, notify)
