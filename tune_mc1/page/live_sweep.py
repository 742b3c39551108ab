"""A sweep that is read on as its journal grows, and what has changed since a reader last asked."""

import itertools
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tune_mc1.page.alive import Alive
from tune_mc1.page.columns import ShownColumns, plain
from tune_mc1.planning.stop_reasons import reasons_of
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.events import Event
from tune_mc1.results.journal import read_events
from tune_mc1.results.ranking import Rank
from tune_mc1.results.status import Status, status_of
from tune_mc1.results.store.local_copy import remote_of
from tune_mc1.results.store.result_files import Files
from tune_mc1.results.tables import SweepTables
from tune_mc1.results.trial_events import RungEvent

RESHAPING = frozenset({"sweep", "grow", "resume", "again", "extend", "test"})
"""Events after which the rows of all trials may differ."""

_versions = itertools.count(time.time_ns() // 1_000_000)
"""Versions are unique, so that one of an earlier server, or of an earlier reading, is not taken for
another."""


@dataclass
class LiveSweep:
    """A sweep's tables, brought up to date on request; nothing is read in between.

    Args:
        where: Its result directory.
        alive: Says whether it runs.
        rank: How its trials and settings are ranked.

    Attributes:
        tables: Its tables.
        version: Grows with every change.
        whole: The version from which on changes are known trial by trial.
        changed: The version at which each trial last changed; trials of before `whole` lack.
        epochs: The version at which each epoch became known, by trial, in ascending order of
            epochs; those of before `whole` lack.
        rungs: Arrivals of trials at rungs, in order.
        columns: Columns of its trials on the page.
    """

    where: ResultDir
    tables: SweepTables = field(default_factory=SweepTables)
    version: int = 0
    whole: int = 0
    changed: dict[str, int] = field(default_factory=dict)
    epochs: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    rungs: list[RungEvent] = field(default_factory=list)
    columns: ShownColumns = field(default_factory=lambda: ShownColumns(SweepTables()))
    alive: Alive = field(default_factory=Alive)
    rank: Rank = "ended"
    _offset: int = 0
    _stamp: tuple[tuple[int, int], ...] = ()
    _known: dict[str, list[int]] = field(default_factory=dict)
    _reasons: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tables.rank = self.rank

    def refresh(self) -> bool:
        """Reads what was written since the last call; returns whether anything was.

        Raises:
            InputError: If the directory is not, or no longer, readable.
        """
        stamp = self._files()
        if stamp == self._stamp:
            return False
        if self._offset and self.where.journal.exists() and stamp[0][0] >= self._offset:
            try:
                changed = self._read_on()
            except (KeyError, TypeError, ValueError, AttributeError):
                self._read_all()  # which says what is broken
                changed = True
        else:
            self._read_all()
            changed = True
        self._stamp = stamp
        return changed

    def _files(self) -> tuple[tuple[int, int], ...]:
        """Size and time of the journal, or of the parquet files where there is none."""
        where = self.where
        paths = (where.journal,) if where.journal.exists() else (where.trials, where.history)
        stats = [path.stat() if path.exists() else None for path in paths]
        return tuple((s.st_size, s.st_mtime_ns) if s else (0, 0) for s in stats)

    def _read_all(self) -> None:
        self.tables, self._offset = self.where.read_to_end()
        self.tables.rank = self.rank
        self.version = self.whole = next(_versions)
        self.changed, self.epochs, self._known, self._reasons = {}, {}, {}, {}
        for trial, epoch in self.tables.history:
            self._known.setdefault(trial, []).append(epoch)
        self.rungs = list(_rungs(self.where, self._offset))
        self.columns = ShownColumns(self.tables)

    def _read_on(self) -> bool:
        """Applies the journal's new events; false if it has none that is complete."""
        events = list(read_events(self.where.journal, self._offset))
        if not events:
            return False
        self.version = next(_versions)
        for event, end in events:
            self.tables.apply(event)
            self._offset = end
            self._note(event)
        new = [str(e["trial"]) for e, _ in events if e["event"] == "trial"]
        if self.whole == self.version or not self.columns.fit(self.tables, new):
            self.columns, self.whole = ShownColumns(self.tables), self.version
        return True

    def _note(self, event: Event) -> None:
        """Notes what an event has changed."""
        kind, trial = event.get("event"), str(event.get("trial", ""))
        if kind in RESHAPING:
            self.whole = self.version
            self._reasons.clear()
        elif trial in self.tables.trials:
            self.changed[trial] = self.version
        if event["event"] == "rung":
            self.rungs.append(event)
        elif event["event"] == "epoch":
            self.epochs.setdefault(trial, []).append((self.version, event["epoch"]))
            self._known.setdefault(trial, []).append(event["epoch"])
        elif event["event"] == "taken":
            self.whole = self.version
            self._known[trial] = [row["epoch"] for row in event["history"]]

    def rows_since(self, version: int) -> tuple[bool, Sequence[str]]:
        """Trials that have changed since a version.

        Returns:
            Whether these are all trials, as the version is too old or of another reading; their
            ids.
        """
        if not self._reaches(version):
            return True, list(self.tables.trials)
        return False, [trial for trial, at in self.changed.items() if at > version]

    def _reaches(self, version: int) -> bool:
        return self.whole <= version <= self.version

    def curves_since(
        self, metric: str, version: int
    ) -> tuple[bool, dict[str, list[tuple[int, float]]]]:
        """Points of the learning curves that became known since a version.

        Args:
            metric: Column of the metric.
            version: A version; one that is too old, or of another reading, gets all points.

        Returns:
            Whether these are all points; epoch and value, by trial.
        """
        history = self.tables.history
        whole = not self._reaches(version)
        found: dict[str, list[tuple[int, float]]] = {}
        if whole:
            # an epoch that ran again is known twice
            new = {trial: sorted(set(known)) for trial, known in self._known.items()}
        else:
            new = {
                trial: [epoch for at, epoch in known if at > version]
                for trial, known in self.epochs.items()
                if known[-1][0] > version
            }
        for trial, epochs in new.items():
            rows = ((epoch, history.get((trial, epoch))) for epoch in epochs)
            points = [
                (epoch, float(row[metric]))
                for epoch, row in rows
                if row is not None and plain(row.get(metric)) is not None
            ]
            if points:
                found[trial] = points
        return whole, found

    def status(self) -> Status:
        """Whether the sweep runs, has finished, or was interrupted."""
        return status_of(self.where, self.tables, alive=self.alive.get(self.where))

    def why(self, trial: str) -> str | None:
        """Why a trial was stopped, which stays as it is; None if it was not, or is not known."""
        if self.tables.trials[trial]["state"] != "stopped":
            return None
        if trial not in self._reasons:
            self._reasons |= {trial: "", **reasons_of(self.where)}
        return self._reasons[trial] or None

    @property
    def files(self) -> Files:
        """Its files."""
        return Files(self.where, remote_of(self.where))


def _rungs(where: ResultDir, end: int) -> Iterator[RungEvent]:
    """The journal's arrivals at rungs up to a byte.

    The parquet files do not hold them; to find them is ten times as fast as to parse all events.
    """
    if not where.journal.exists():
        return
    with where.journal.open("rb") as file:
        at = 0
        for line in file:
            at += len(line)
            if at > end:
                return
            if b'"event":"rung"' in line:
                try:
                    yield json.loads(line)
                except ValueError:  # a line that a crash cut short
                    continue
