"""Writer of a sweep's results: the journal at once, the parquet files periodically."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pyarrow as pa
import pyarrow.parquet as pq

from tune_mc1.errors import StorageError, SweepStopped
from tune_mc1.files import replacing
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.events import Event
from tune_mc1.results.journal import Journal
from tune_mc1.results.settings import settings_table
from tune_mc1.results.tables import SweepTables


class ResultWriter:
    """Writes results while a sweep runs: the journal at once, the parquet files periodically.

    Args:
        where: The sweep's directory.
        interval_s: Minimum time between two compactions, in seconds. It grows with the duration of
            a compaction, so that compaction never costs more than a twentieth of the sweep.
        tables: Content of an existing journal; None for a new one.

    Attributes:
        listeners: Called with each event once it is written.
        began: When trials began whose start is recorded later, in seconds since 1970.

    Raises:
        SweepStopped: If the journal cannot be written.
    """

    def __init__(
        self, where: ResultDir, interval_s: float = 10.0, tables: SweepTables | None = None
    ) -> None:
        self.where = where
        self.tables = tables or SweepTables()
        self.listeners: list[Callable[[Event], None]] = []
        self.began: Mapping[str, float] = {}
        with _stopping_the_sweep(where):
            self._journal = Journal(where.journal)
        self._interval = interval_s
        self._next = time.monotonic() + interval_s

    def write(self, *events: Event) -> None:
        """Stamps events with the time and writes them durably.

        Raises:
            SweepStopped: If the storage fails.
        """
        stamped = [cast(Event, {"time": time.time(), **event}) for event in events]
        with _stopping_the_sweep(self.where):
            self._journal.write(*stamped)
        self.tables.apply_all(stamped)
        for event in stamped:
            for listener in self.listeners:
                listener(event)
        if time.monotonic() >= self._next:
            self.compact()

    def compact(self) -> None:
        """Writes the parquet files.

        Raises:
            SweepStopped: If the storage fails.
        """
        began = time.monotonic()
        with _stopping_the_sweep(self.where):
            self.where.write_tables(self.tables, self._journal.tell())
        ended = time.monotonic()
        self._next = ended + max(self._interval, 20 * (ended - began))

    def write_file(self, path: Path, table: pa.Table) -> None:
        """Writes another parquet file, atomically.

        Raises:
            SweepStopped: If the storage fails.
        """
        with (
            _stopping_the_sweep(self.where),
            replacing(path) as aside,
            aside.open("wb") as file,
        ):
            pq.write_table(table, file, compression="zstd")

    def close(self) -> None:
        """Writes the parquet files a last time and closes the journal.

        Raises:
            SweepStopped: If the storage fails.
        """
        try:
            self.compact()
            self.write_file(self.where.settings, settings_table(self.tables))
        finally:
            self._journal.close()


@contextmanager
def _stopping_the_sweep(where: ResultDir) -> Iterator[None]:
    """Turns a failed write into the end of the sweep."""
    try:
        yield
    except OSError as error:
        raise SweepStopped(str(StorageError.of(error.filename or where.root, error))) from None
