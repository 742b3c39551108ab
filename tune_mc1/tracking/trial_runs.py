"""Runs in another tool's store, one per trial: what they contain, and how they are kept up to date.

Live trackers and `export results` write the same runs, from the tables of the sweep.
"""

import math
import threading
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tune_mc1.results.states import ENDED
from tune_mc1.tracking.wandb.rows import SUMMARY, run_name

if TYPE_CHECKING:
    from tune_mc1.config.sweep import Sweep
    from tune_mc1.results.directory import ResultDir
    from tune_mc1.results.schema import Row
    from tune_mc1.results.tables import SweepTables

Scalars = Mapping[str, float]
"""Finite values by metric."""

IMPORTS: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)
"""Held while a thread first uses a tool's package, by its name.

Two threads that import parts of one package in different order would end in a deadlock.
"""

NO_METRICS = frozenset({"trial", "epoch", "time"})
"""Columns of `history.parquet` that are no values of an epoch."""


@dataclass
class Source:
    """What the runs of a sweep are written from.

    Attributes:
        where: The result directory.
        tables: Its tables.
    """

    where: "ResultDir"
    tables: "SweepTables"

    @property
    def name(self) -> str:
        """Name of the directory."""
        return self.where.root.name

    @cached_property
    def sweep(self) -> "Sweep":
        """The sweep of its file, which is only read by who needs it."""
        from tune_mc1.results.written_sweep import written_sweep

        return written_sweep(self.where)

    def row(self, trial: str) -> "Row":
        """A trial's row of `trials.parquet`."""
        return self.tables.trials[trial]

    def config(self, trial: str) -> dict[str, Any]:
        """All parameters of a trial by name, without those that do not apply to it."""
        values = self.tables.columns.values(self.row(trial))
        conditional = self.sweep.space.conditional
        return {n: v for n, v in values.items() if not (v is None and n in conditional)}

    def setting(self, trial: str) -> dict[str, Any]:
        """Those of them that the sweep file sets."""
        config = self.config(trial)
        return {name: config[name] for name in self.sweep.parameters if name in config}

    def run_name(self, trial: str) -> str:
        """A trial's id, and those of its parameters that vary."""
        from tune_mc1.config.parameters import Constant

        varied = {
            name: not isinstance(parameter, Constant)
            for name, parameter in self.sweep.parameters.items()
        }
        return run_name(trial, self.setting(trial), varied)

    def scalars(self, trial: str, epoch: int) -> Scalars:
        """Values of an epoch, without those that are missing or not finite."""
        row = self.tables.history.get((trial, epoch), {})
        return _finite(row, (name for name in row if name not in NO_METRICS))

    def summary(self, trial: str) -> Scalars:
        """Values of a trial as a whole: `best_<metric>`, and scores on the test images."""
        row, columns = self.row(trial), self.tables.columns
        best = (f"best_{name}" for name in columns.metrics(self.tables.metric))
        return _finite(row, (*best, *columns.tests))

    def last(self, trial: str) -> Scalars:
        """Last values of the metrics without a best one, as those of a program."""
        row, names = self.row(trial), self.tables.columns.metrics(self.tables.metric)
        return _finite(row, (f"last_{name}" for name in names if f"best_{name}" not in row))

    def facts(self, trial: str) -> dict[str, Any]:
        """How it ran: its state, best epoch, machine, attempts, error."""
        row = self.row(trial)
        return {name: row[name] for name in SUMMARY if row.get(name) is not None}

    @property
    def started(self) -> list[str]:
        """Trials that have a run: all that have begun, or were taken from an earlier sweep."""
        return [t for t, row in self.tables.trials.items() if row["attempts"] or row["epochs_run"]]


def _finite(row: "Row", names: Iterable[str]) -> Scalars:
    found = {name: row.get(name) for name in names}
    return {
        name: value
        for name, value in found.items()
        if isinstance(value, int | float) and math.isfinite(value)
    }


class TrialRuns(ABC):
    """The runs of a sweep's trials in a store. Methods may wait for a server.

    Attributes:
        source: What they are written from.
        notices: What the user is to be told, in lines; who reads them removes them.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.notices: list[str] = []

    def begin(self) -> None:  # noqa: B027  some have nothing that belongs to no run
        """Prepares the store."""

    @abstractmethod
    def open(self, trial: str) -> Mapping[int, Scalars]:
        """Opens the run of a trial, which may exist.

        Returns:
            Values that it has, by epoch. A store that is cheap to write begins anew, with none.
        """

    @abstractmethod
    def restart(self, trial: str) -> None:
        """Begins an open run anew, as an attempt has given other values than the one before."""

    @abstractmethod
    def log(self, trial: str, rows: Mapping[int, Scalars]) -> None:
        """Adds values to an open run, by epoch."""

    @abstractmethod
    def end(self, trial: str) -> None:
        """Records state and summary of a run whose trial does not run at present."""

    def close(self) -> None:  # noqa: B027  some hold nothing open
        """Called once, after the last run."""


@dataclass
class Mirror:
    """Keeps runs as the tables are: every epoch once, whatever was logged before.

    Attributes:
        runs: The runs.
    """

    runs: TrialRuns
    _seen: dict[str, dict[int, "Row"]] = field(default_factory=dict)
    _states: dict[str, Any] = field(default_factory=dict)
    _configs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def update(self, trial: str, since: int = 1, *, ends: bool = True) -> None:
        """Brings the run of a trial up to date.

        Args:
            trial: The trial.
            since: First epoch that may have changed.
            ends: Whether the run is ended too, if the trial does not run.
        """
        source, row = self.runs.source, self.runs.source.row(trial)
        if trial not in self._seen:
            self._configs[trial] = source.config(trial)
            self._reopen(trial)
            since = 1
        seen, history = self._seen[trial], source.tables.history
        last = next(reversed(seen), 0)
        told_anew = any(history.get((trial, e)) is not seen.get(e) for e in range(since, last + 1))
        if told_anew or (row["state"] in ENDED and self._configs[trial] != source.config(trial)):
            self._configs[trial] = source.config(trial)  # another one after an exchange
            self.runs.restart(trial)
            seen.clear()
            since = 1
        new = {
            epoch: history[trial, epoch]
            for epoch in range(since, row["epochs_run"] + 1)
            if (trial, epoch) in history and epoch not in seen
        }
        if new:
            self.runs.log(trial, {epoch: source.scalars(trial, epoch) for epoch in new})
            seen |= new
        over = ends and row["state"] != "running"
        state = (row["state"], source.summary(trial)) if over else None
        if state is not None and state != self._states.get(trial):
            self.runs.end(trial)
        self._states[trial] = state

    def update_all(self) -> None:
        """Brings the runs of all trials that have begun up to date."""
        for trial in self.runs.source.started:
            self.update(trial)

    def _reopen(self, trial: str) -> None:
        held, source = self.runs.open(trial), self.runs.source
        self._seen[trial] = {}
        rows = {epoch: source.scalars(trial, epoch) for epoch in held}
        if any(not values.items() <= rows[epoch].items() for epoch, values in held.items()):
            self.runs.restart(trial)
            return
        missing = {
            epoch: {name: v for name, v in values.items() if name not in held[epoch]}
            for epoch, values in rows.items()
        }
        if missing := {epoch: values for epoch, values in missing.items() if values}:
            self.runs.log(trial, missing)
        self._seen[trial] = {e: source.tables.history[trial, e] for e in held}
