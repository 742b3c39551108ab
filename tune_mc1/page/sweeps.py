"""The sweeps of a page: one result directory, or all of a directory of results."""

import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from pyarrow import ArrowException
from pyarrow.parquet import ParquetFile

from tune_mc1.errors import InputError, TuneMc1Error
from tune_mc1.page.alive import Alive
from tune_mc1.page.live_sweep import LiveSweep
from tune_mc1.page.sweep_facts import facts
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.ranking import Rank
from tune_mc1.results.status import status_of
from tune_mc1.results.sweep_event import SweepEvent
from tune_mc1.results.tables import SweepTables
from tune_mc1.results.trials_frame import up_to_date

KEPT = 4
"""Sweeps that stay in memory; the one that was not looked at for longest goes first."""

Answer = TypeVar("Answer")


class Sweeps:
    """The sweeps that a page shows.

    Args:
        place: A result directory, or a directory of them.
        rank: How trials and settings are ranked.

    Raises:
        InputError: If there is no such directory.
    """

    def __init__(self, place: Path, rank: Rank = "ended") -> None:
        self.place, self.rank = place.absolute(), rank
        if not self.place.is_dir():
            raise InputError(f"{place}: no such directory; give a result directory, or its parent")
        self.single = is_result(self.place)
        self._live: OrderedDict[str, LiveSweep] = OrderedDict()
        self._locks: dict[str, threading.Lock] = {}
        self._summaries: dict[str, tuple[Any, dict[str, Any]]] = {}
        self._guard = threading.Lock()
        self._alive = Alive()

    def directories(self) -> dict[str, ResultDir]:
        """The result directories by name, newest first; a requested name must be one of these."""
        if self.single:
            return {self.place.name: ResultDir(self.place)}
        found = [path for path in self.place.iterdir() if is_result(path)]
        found.sort(key=lambda path: (_began(path), path.name), reverse=True)
        return {path.name: ResultDir(path) for path in found}

    def use(self, name: str, work: Callable[[LiveSweep], Answer]) -> Answer:
        """Does something with a sweep that is up to date, which nobody else uses meanwhile.

        Args:
            name: Name of its directory.
            work: What to do.

        Raises:
            InputError: If there is no such sweep, or it cannot be read.
        """
        with self._guard:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock:
            live = self._open(name)
            live.refresh()
            return work(live)

    def _open(self, name: str) -> LiveSweep:
        with self._guard:
            live = self._live.get(name)
            if live is not None:
                self._live.move_to_end(name)
                return live
        where = self.directories().get(name)
        if where is None:
            raise InputError(f"{name}: no such sweep in {self.place}")
        live = LiveSweep(where, rank=self.rank, alive=self._alive)
        with self._guard:
            self._live[name] = live
            while len(self._live) > KEPT:
                self._live.popitem(last=False)
        return live

    def summaries(self) -> list[dict[str, Any]]:
        """A summary of each sweep, newest first; only those that have changed are read again."""
        found = []
        for name, where in self.directories().items():
            stamp = _stamp(where)
            known = self._summaries.get(name)
            if known is None or known[0] != stamp:
                known = stamp, self._summary(name, where)
                self._summaries[name] = known
            summary = dict(known[1])
            if summary.get("status") != "finished" and "error" not in summary:
                running = self._alive.get(where)
                summary["status"] = "running" if running else summary["status_without"]
            found.append(summary)
        return found

    def _summary(self, name: str, where: ResultDir) -> dict[str, Any]:
        def work(live: LiveSweep) -> dict[str, Any]:
            ended = status_of(where, live.tables, alive=False)
            trials = len(live.tables.trials)
            return facts(live) | {"trials": trials, "status_without": ended, "status": ended}

        try:
            whole = read_whole(where, self.rank)
            return self.use(name, work) if whole is None else work(whole)
        except (TuneMc1Error, OSError) as error:
            return {"directory": name, "error": str(error)}


def read_whole(where: ResultDir, rank: Rank = "ended") -> LiveSweep | None:
    """A sweep without its history, ten times as fast; None if its journal has more than its table.

    Args:
        where: Its directory.
        rank: How its trials are ranked.
    """
    try:
        with ParquetFile(where.trials) as file:
            footer = up_to_date(where, file.schema_arrow)
            rows = file.read().to_pylist()
        tables = SweepTables()
        tables.apply(cast(SweepEvent, {"event": "sweep", **footer["facts"]}))
        tables.trials = {row["trial"]: row for row in rows}
        tables.history = {  # the best epoch has the best value
            (row["trial"], row["best_epoch"]): {tables.metric: row[f"best_{tables.metric}"]}
            for row in rows
            if row["best_epoch"] is not None
        }
    except (OSError, ArrowException, KeyError, TypeError, ValueError):
        return None
    return LiveSweep(where, tables, rank=rank)


def is_result(path: Path) -> bool:
    """Whether a directory is that of a sweep."""
    names = ("journal.jsonl", "trials.parquet")
    return any(os.path.isfile(path / name) for name in names)  # noqa: PTH113  false if forbidden


def _began(path: Path) -> float:
    """When a sweep began, from its files: the oldest that a resumed sweep does not write again."""
    for name in ("logs", "sweep.yaml", "trials.parquet"):
        try:
            return (path / name).stat().st_ctime
        except OSError:
            continue
    return 0.0


def _stamp(where: ResultDir) -> tuple[tuple[int, int], ...]:
    paths = (where.journal, where.trials, where.predictions)
    stats = [path.stat() for path in paths if path.exists()]
    return tuple((s.st_size, s.st_mtime_ns) for s in stats)
