"""Iterations of a trial: from what its program logs in several places to one series of rows."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from tune_mc1.programs.log_row import Kind, LogRow


class Source(Protocol):
    """Anything that gives a program's rows: a W&B run, or a file of reports."""

    left_out: dict[str, Kind]
    exit_code: int | None

    def read(self) -> list[LogRow]:
        """The rows that have come since the last call."""


class Iteration(NamedTuple):
    """One log of the sweep's metric, with all else that was logged since the one before.

    Attributes:
        number: From 1.
        metrics: Scalars by name; the sweep's metric is among them.
        step: Step that the program gave to the log; None if it gave none.
        runtime: Seconds from the start of the program's run to the log.
        timestamp: Seconds since 1970 of the log.
    """

    number: int
    metrics: dict[str, float]
    step: int | None
    runtime: float | None
    timestamp: float | None


class Iterations:
    """Makes iterations of the rows of all sources.

    Where several runs log the metric at once, as the processes of a distributed training do, the
    first one counts. Where one follows upon the other, the iterations go on.

    Args:
        metric: The sweep's metric; None makes every log an iteration.

    Attributes:
        names: All names that were logged with numbers.
        count: Number of iterations.
        finite: Number of those whose metric was neither NaN nor infinite.
        ignored: Number of logs of the metric that did not count.
        pending: What was logged after the last iteration.
    """

    def __init__(self, metric: str | None) -> None:
        self.names: set[str] = set()
        self.count = self.finite = 0
        self.ignored = 0
        self.pending: dict[str, float] = {}
        self.sources: list[Source] = []
        self._metric = metric
        self._leader: Source | None = None

    def go_on_from(self, earlier: Sequence[Iteration]) -> None:
        """Counts on from the iterations of earlier attempts."""
        self.count += len(earlier)
        for iteration in earlier:
            self.names.update(iteration.metrics)
            self.finite += self._is_finite(iteration.metrics)

    @property
    def leader(self) -> Source | None:
        """The source whose logs of the metric count; None before the first."""
        return self._leader

    @property
    def left_out(self) -> dict[str, Kind]:
        """Names that were logged with values that are no numbers, and their kinds."""
        return {name: kind for source in self.sources for name, kind in source.left_out.items()}

    def read(self) -> Iterator[Iteration]:
        """The iterations that have come since the last call."""
        for source in self.sources:
            for row in source.read():
                self.names.update(row.metrics)
                if self._metric is not None and self._metric not in row.metrics:
                    self.pending |= row.metrics
                elif self._leads(source):
                    self.count += 1
                    self.finite += self._is_finite(row.metrics)
                    metrics = self.pending | row.metrics
                    self.pending = {}
                    yield Iteration(self.count, metrics, *row[1:])
                else:
                    self.ignored += 1

    def conclude(self, summary: Mapping[str, float]) -> list[Iteration]:
        """Takes what a program that has ended never logged, but set in its run's summary.

        As in W&B, the summary counts where the metric is only there: as one more iteration.

        Args:
            summary: Scalars by name; those that were logged as well are left out.
        """
        new = {name: value for name, value in summary.items() if name not in self.names}
        self.names.update(new)
        self.pending |= new
        if self._metric not in new:
            return []
        self.count += 1
        self.finite += self._is_finite(new)
        metrics, self.pending = self.pending, {}
        return [Iteration(self.count, metrics, None, None, None)]

    def _is_finite(self, metrics: Mapping[str, float]) -> bool:
        return math.isfinite(metrics.get(self._metric or "", 0.0))

    def _leads(self, source: Source) -> bool:
        if self._leader is None or self._leader.exit_code is not None:
            self._leader = source
        return self._leader is source
