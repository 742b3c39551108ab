"""Estimate of the time to the end of a sweep, from what its trials have taken and how they end.

A trial that has not begun takes the forecast of its network, in proportion to what others have
taken; how many epochs it runs is for `tune_mc1.terminal.survival` to say. The trials that are left
then fill the processes that run at once.
"""

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite, sqrt
from statistics import fmean
from typing import TYPE_CHECKING

from tune_mc1.config.trial import Trial
from tune_mc1.results.schema import ENDED, Row
from tune_mc1.results.tables import SweepTables, trial_of
from tune_mc1.terminal.survival import Survival, expected_ends

if TYPE_CHECKING:
    from tune_mc1.terminal.standing import Standings

WAITING = ("pending", "interrupted")
"""States of trials that have not begun, or not again; with exchanges also those that pause."""

OWN = 4.0
"""Number of its epochs from which a trial's own time counts more than its forecast."""

FIRST = 0.3
"""What a first epoch counts, which often takes longer than the next."""

FUSED = 0.75
"""Time of groups relative to their forecast, where that of trials alone is 1: recorded sweeps."""

COMPARED = 200
"""Number of trials above which is not asked which of them will go on: chance evens out by itself,
and an estimate would take the driver more than 20 ms."""

Cost = Callable[[Trial, int], float]
"""Cost of an epoch of a trial, in proportion to others: its part in a group of so many trials."""


@dataclass
class TimeLeft:
    """Estimates the time left.

    Args:
        rungs: Rows `{bracket, epoch, trials}`: how many trials are expected to reach an epoch.
        cost: Cost of an epoch of a trial.
        trials: Trials that are known already, by id; others are read from the tables.

    Attributes:
        sizes: Number of trials in the group of each trial that has not begun, where it is known.
        slots: Number of processes that have run at once.
        most: Maximum number of processes that run at once, if that has changed.
        spread: Standard deviation of the last estimate in seconds, as far as it is chance which
            trials go on at their rungs.
    """

    rungs: Sequence[Mapping[str, int]] = ()
    cost: Cost = lambda *_: 1.0
    trials: dict[str, Trial] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    slots: int = 0
    most: int | None = None
    spread: float = 0.0
    _costs: dict[tuple[str, int], float] = field(default_factory=dict)

    def seconds(self, tables: SweepTables, total: int, now: float) -> float | None:
        """Seconds to the end of the last trial; None before the first epoch.

        Args:
            tables: The sweep's tables.
            total: Number of trials that it will have.
            now: The present time, in seconds since 1970.
        """
        rows = list(tables.trials.values())
        if 0 < total <= len(rows) and all(row["state"] in ENDED for row in rows):
            return 0.0
        running = [row for row in rows if row["state"] == "running"]
        self.slots = max(self.slots, round(sum(1 / (row["fused"] or 1) for row in running)))
        self.slots = min(self.slots, self.most or self.slots)
        if tables.of_program:
            return self._of_program(tables, rows, running, total, now)
        took = {row["trial"]: found for row in rows if (found := _epoch_time(tables, row))}
        if not took:
            return None
        self._know(tables)
        scale = self._scales(rows, took)
        states = (*WAITING, "paused") if tables.metadata.get("changing") else WAITING
        go_on = Survival(rows, self.rungs, states, self._standings(tables, rows))

        def left(row: Row) -> tuple[float, float]:
            return go_on.left(row["epochs_run"], row["epochs"], row["trial"])

        def group_epoch(row: Row) -> float:
            """Seconds of an epoch of the whole group of a trial."""
            size = self._size(row)
            expected = size * self._cost(row, size) * scale(row, size)
            seconds, epochs = took.get(row["trial"], (0.0, 0.0))
            return (seconds * epochs + expected * OWN) / (epochs + OWN)

        busy: dict[tuple[float, int], tuple[float, float]] = {}
        for row in running:
            group = row["started"] or 0.0, row["fused"] or 1
            epoch_s = group_epoch(row)
            mean, variance = _timed(epoch_s, left(row))
            mean -= min(_since_report(tables, row, now), epoch_s, mean)
            busy[group] = max(busy.get(group, (0.0, 0.0)), (mean, variance))
        waiting = [row for row in rows if row["state"] in states]
        tasks = [_timed(group_epoch(r) / self._size(r), left(r)) for r in waiting]
        if total > len(rows):
            each = [
                _timed(group_epoch(r) / self._size(r), go_on.left(0, r["epochs"])) for r in rows
            ]
            mean, variance = (fmean(column) for column in zip(*each, strict=True))
            tasks += [(mean, variance)] * (total - len(rows))
        chance = [variance for _, variance in (*busy.values(), *tasks)]
        self.spread = sqrt(sum(chance)) / max(min(self.slots, len(chance)), 1)
        mean = self._fill([mean for mean, _ in busy.values()], [mean for mean, _ in tasks])
        if not mean:
            return 0.0
        return mean / (1 + (self.spread / mean) ** 2)  # errs least relative to what will be left

    def _standings(self, tables: SweepTables, rows: Sequence[Row]) -> "Standings | None":
        """Which trials will go on, if they are compared at rungs and some have been."""
        ends = expected_ends(self.rungs)
        if not ends or not tables.metric or len(rows) > COMPARED:
            return None
        from tune_mc1.terminal.standing import Standings

        sign = 1.0 if tables.maximize else -1.0
        scores = {
            key: sign * value
            for key, epoch in tables.history.items()
            if isinstance(value := epoch.get(tables.metric), int | float) and isfinite(value)
        }
        found = Standings(rows, scores, ends, tables.columns.parameters)
        return found if found.known else None

    def _size(self, row: Row) -> int:
        """Number of trials in the group of a trial; one that waits may have a new group."""
        if row["state"] in WAITING:
            return self.sizes.get(row["trial"], 1)
        return int(row["fused"] or 1)

    def _know(self, tables: SweepTables) -> None:
        """Reads the settings of the trials that are new."""
        for trial, row in tables.trials.items():
            if trial not in self.trials:
                self.trials[trial] = trial_of(row, tables.columns)

    def _cost(self, row: Row, size: int) -> float:
        """Cost of an epoch of a trial as a part of its group, in proportion to others."""
        key = row["trial"], size
        if key not in self._costs:
            self._costs[key] = max(self.cost(self.trials[row["trial"]], size), 1e-9) * (
                FUSED if size > 1 else 1.0
            )
        return self._costs[key]

    def _scales(
        self, rows: Sequence[Row], took: Mapping[str, tuple[float, float]]
    ) -> Callable[[Row, int], float]:
        """Seconds per unit of cost of trials like one: of its model in groups or alone, or of all.

        Args:
            rows: Rows of all trials.
            took: Seconds of an epoch, and of how many, of those that have begun.
        """
        times: dict[object, list[float]] = {}
        for row in rows:
            if row["trial"] in took:
                seconds, epochs = took[row["trial"]]
                size = row["fused"] or 1
                for key in _likeness(row, size):
                    both = times.setdefault(key, [0.0, 0.0])
                    both[0] += seconds * epochs
                    both[1] += size * self._cost(row, size) * epochs

        def scale(row: Row, size: int) -> float:
            seconds, cost = times[None]
            found, few = seconds / cost, OWN * size * self._cost(row, size)
            for key in reversed(_likeness(row, size)):
                seconds, cost = times.get(key, (0.0, 0.0))
                found = (seconds + few * found) / (cost + few)
            return found

        return scale

    def _of_program(
        self,
        tables: SweepTables,
        rows: Sequence[Row],
        running: Sequence[Row],
        total: int,
        now: float,
    ) -> float | None:
        """From the mean duration of the trials that ended, as a program's length is its own."""
        took = [tables.running.of(r) for r in rows if r["state"] in ENDED and r["started"]]
        left = total - sum(row["state"] in ENDED for row in rows)
        if not took or not running or left <= 0:
            return None
        mean = fmean(took)
        busy = [max(mean - (now - (row["started"] or now)), 0.0) for row in running]
        return self._fill(busy, [mean] * (left - len(running)))

    def _fill(self, busy: Sequence[float], tasks: Sequence[float]) -> float:
        """Time until all is done; where more run than may, nothing starts as the first end."""
        return _fill(sorted(busy)[-self.most :] if self.most else busy, tasks, self.slots)


def _since_report(tables: SweepTables, row: Row, now: float) -> float:
    """Seconds that a trial has run since its last report, or since it started."""
    reported = (tables.history.get((row["trial"], row["epochs_run"])) or {}).get("time")
    return max(0.0, now - max(row["started"] or 0.0, reported or 0.0))


def _timed(epoch_s: float, epochs: tuple[float, float]) -> tuple[float, float]:
    """Mean and variance of a time, from those of a number of epochs of so many seconds."""
    return epoch_s * epochs[0], epoch_s**2 * epochs[1]


def _fill(busy: Iterable[float], tasks: Iterable[float], slots: int) -> float:
    """Time until all tasks are done that start in order as processes become free."""
    free = sorted(busy)
    free = [0.0] * (slots - len(free)) + free or [0.0]
    heapq.heapify(free)
    for task in tasks:
        heapq.heapreplace(free, free[0] + task)
    return max(free)


def _likeness(row: Row, size: int) -> tuple[object, ...]:
    """Keys of trials that take alike, the closest first: by model and by being in a group."""
    model, fused = str(row.get("model")), size > 1
    return (model, fused), model, fused, None


def _epoch_time(tables: SweepTables, row: Row) -> tuple[float, float] | None:
    """Seconds of an epoch of a trial's whole group, and of how many; None before the first.

    They are those between its reports, if it has several: then nothing is left out.
    """
    last = row["epochs_run"]
    if not last:
        return None
    times: list[float | None] = [
        (tables.history.get((row["trial"], e)) or {}).get("time") for e in (1, last)
    ]
    first, until = times
    if last > 1 and first is not None and until is not None and row["attempts"] == 1:
        return (until - first) / (last - 1), last - 1
    return (row["seconds"] or 0.0) / last * (row["fused"] or 1), last * FIRST
