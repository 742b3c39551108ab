"""Upload of a sweep's missing data to W&B's server: common to our own training and programs."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import wandb

from tune_mc1.results.directory import ResultDir
from tune_mc1.results.schema import Row
from tune_mc1.tracking.wandb.one_run import server_timeout
from tune_mc1.tracking.wandb.sent import Sent
from tune_mc1.tracking.wandb.stored import one_line

AT_ONCE = 8
"""Number of concurrent uploads."""

Progress = Callable[[Iterable[Row]], Iterable[Row]]
"""Wraps the trials that are uploaded, to show the progress."""


def silent(rows: Iterable[Row]) -> Iterable[Row]:
    """Shows no progress."""
    return rows


@dataclass
class Upload(ABC):
    """A single upload of a sweep.

    Args:
        where: The sweep's directory.
        sent: Record of the runs that the server has completely.

    Attributes:
        count: Number of runs with successfully uploaded data.
        known: Number of runs that the server already had.
        total: Number of runs of the sweep, one per started trial that has one.
        notes: Lines for the user about trials that are left out.
    """

    where: ResultDir
    sent: Sent
    count: int = 0
    known: int = 0
    total: int = 0
    notes: list[str] = field(default_factory=list)
    _api: wandb.Api = field(init=False)

    @abstractmethod
    def send(self, progress: Progress = silent) -> None:
        """Uploads missing data. Stops at the first failure, after the uploads in progress.

        Args:
            progress: Wraps the trials, to show the progress.

        Raises:
            SyncError: If the server fails; completed uploads are recorded.
        """

    def _unsent(self, rows: Sequence[Row]) -> list[Row]:
        """Counts the trials that have a run; returns those that the server may lack."""
        self.total = len(rows)
        unsent = [row for row in rows if not self.sent.has(row)]
        self.known = self.total - len(unsent)
        return unsent

    def _connect(self) -> None:
        with one_line("cannot be reached"):
            self._api = wandb.Api(timeout=math.ceil(server_timeout()))
