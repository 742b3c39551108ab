"""Result directory of a sweep: paths, creation, tables written atomically, reading."""

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from tune_mc1.errors import InputError
from tune_mc1.files import replacing
from tune_mc1.results.events import FORMAT, PROGRAM_FORMAT, TRAINING_FORMAT
from tune_mc1.results.journal import read_events
from tune_mc1.results.parquet_table import read_parquet
from tune_mc1.results.running_time import RunningTime
from tune_mc1.results.sweep_event import SweepEvent

if TYPE_CHECKING:
    from tune_mc1.results.tables import SweepTables

LAST, BEST, PREVIOUS = "last.ckpt", "best.ckpt", "previous.ckpt"
PARTIAL = "partial.ckpt"
"""Checkpoint within a long epoch."""

COPIED = "copied.ckpt"
"""Checkpoint of another trial with which a trial is to go on."""

_UNFINISHED = tuple(f".{name}." for name in (LAST, BEST, PREVIOUS, PARTIAL, COPIED))
"""Beginnings of the names of checkpoints that are being written (`tune_mc1.files.replacing`)."""

STORAGE_URL = "storage.url"


class ResultDir:
    """Paths of one result directory.

    Args:
        root: The directory.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.journal = self.root / "journal.jsonl"
        self.trials = self.root / "trials.parquet"
        self.history = self.root / "history.parquet"
        self.settings = self.root / "settings.parquet"
        self.predictions = self.root / "predictions.parquet"
        self.sweep_file = self.root / "sweep.yaml"
        self.provenance = self.root / "provenance.json"
        self.storage_url = self.root / STORAGE_URL  # the object store that has a copy, if any
        self.wandb = self.root / "wandb"
        self.ray = self.root / "ray"
        self.lock = self.root / ".lock"
        self.tracked = self.root / "logs" / "trackers.json"  # what trackers had at the end
        self.features = self.root / "features"  # of a frozen backbone, while the sweep runs

    def checkpoints(self, trial: str) -> Path:
        """Folder of a trial's `best.ckpt` and `last.ckpt`.

        While it runs, also of `previous.ckpt`, and in a long epoch of `partial.ckpt`.
        """
        return self.root / "checkpoints" / trial

    def program_files(self, trial: str) -> Path:
        """Folder of what a trial's program gets and writes: parameters, W&B's files."""
        return self.root / "programs" / trial

    def forget_previous(self, trial: str) -> None:
        """Removes the checkpoint that an ended trial no longer needs."""
        with suppress(OSError):
            (self.checkpoints(trial) / PREVIOUS).unlink()

    def remove_unfinished(self) -> None:
        """Removes what trials that were killed have left of checkpoints that they were writing."""
        for path in self.root.glob("checkpoints/*/.*.tmp"):
            if path.name.startswith(_UNFINISHED):
                with suppress(OSError):
                    path.unlink()

    def forget_partial(self, trial: str, state: str) -> None:
        """Removes the checkpoint within an epoch of a trial that has ended, unless it may go on.

        Args:
            trial: Its id.
            state: The state in which it has ended.
        """
        if state in ("completed", "stopped", "diverged"):
            with suppress(OSError):
                (self.checkpoints(trial) / PARTIAL).unlink()

    def shown(self, path: Path) -> str:
        """Location of a file of this directory: its path, or its URL if only the store has it."""
        if path.exists() or not self.storage_url.exists():
            return str(path)
        return f"{self.storage_url.read_text().strip()}/{path.relative_to(self.root)}"

    def log(self, trial: str) -> Path:
        """Log file of a trial."""
        return self.root / "logs" / f"{trial}.log"

    @classmethod
    def create(cls, parent: Path, name: str) -> "ResultDir":
        """Creates `<parent>/<name>-<yyyymmdd-hhmmss>/`, with a number appended if it exists.

        Raises:
            InputError: If it cannot be created.
        """
        stem = f"{name}-{time.strftime('%Y%m%d-%H%M%S')}"
        try:
            parent.mkdir(parents=True, exist_ok=True)
            for attempt in range(1000):
                root = parent / (f"{stem}-{attempt}" if attempt else stem)
                try:
                    root.mkdir()
                except FileExistsError:
                    continue
                for folder in ("logs", "checkpoints"):
                    (root / folder).mkdir()
                return cls(root)
        except OSError as error:
            raise InputError(
                f"{parent}: results cannot be written here: {error.strerror}"
            ) from None
        raise InputError(f"{parent}: already holds a thousand directories named {stem}")

    def write_tables(self, tables: "SweepTables", offset: int) -> None:
        """Writes both parquet files.

        Args:
            tables: The tables.
            offset: Bytes of the journal that the tables cover.
        """
        form = PROGRAM_FORMAT if tables.of_program else TRAINING_FORMAT
        facts = {"format": form, "offset": offset, "facts": tables.metadata}
        if tables.of_program:
            facts["running"] = tables.running.record()
        footer = {"tune_mc1": json.dumps(facts)}
        for path, schema, rows in (
            (self.trials, tables.columns.trial_schema(), list(tables.trials.values())),
            (self.history, tables.columns.history_schema(), list(tables.history.values())),
        ):
            table = pa.Table.from_pylist(rows, schema=schema.with_metadata(footer))
            with replacing(path) as aside, aside.open("wb") as file:
                pq.write_table(table, file, compression="zstd")

    def read(self) -> "SweepTables":
        """Reads both tables: the parquet files, and the rest of the journal.

        Raises:
            InputError: If this is not a result directory, or its format is newer.
        """
        return self.read_to_end()[0]

    def read_to_end(self) -> tuple["SweepTables", int]:
        """As `read`, with the byte of the journal after the last event that was read."""
        try:
            if not (self.journal.exists() or self.trials.exists()):
                raise InputError(f"{self.root}: {self._without_results()}")
        except OSError as error:
            raise InputError(f"{self.root}: cannot be read: {error.strerror}") from None
        from tune_mc1.results.tables import SweepTables  # which take time to import

        tables = SweepTables()
        offset = self._read_parquet(tables)
        end = offset
        for event, end in read_events(self.journal, offset):
            try:
                tables.apply(event)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise InputError(
                    f"{self.journal}: broken event {event.get('event')!r} before byte {end}: "
                    f"{type(error).__name__}: {error}"
                ) from None
            self._check_format(self.journal, tables.metadata.get("format", FORMAT))
        return tables, end

    def _without_results(self) -> str:
        """Why a directory without a journal has no results."""
        if self.log("").parent.is_dir() and self.checkpoints("").is_dir():
            return "has no results, as its sweep was cut off, or has yet to read its images"
        return "not a result directory (no journal.jsonl or trials.parquet)"

    def _check_format(self, path: Path, found: Any) -> None:
        if not isinstance(found, int) or found > FORMAT:
            raise InputError(
                f"{path}: has format {found}, but this version of tune_mc1 reads up to {FORMAT}; "
                "install a newer version"
            )

    def _read_parquet(self, tables: "SweepTables") -> int:
        """Fills the tables from the parquet files; returns the journal offset that they cover."""
        if not (self.trials.exists() and self.history.exists()):
            return 0
        try:
            trials, history = read_parquet(self.trials), read_parquet(self.history)
            footers = [json.loads(t.schema.metadata[b"tune_mc1"]) for t in (trials, history)]
        except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
            if self.journal.exists():
                return 0
            foreign = isinstance(error, KeyError | TypeError)  # no metadata of ours
            reason = "not written by tune_mc1" if foreign else str(error).splitlines()[0]
            raise InputError(f"{self.root}: cannot read its parquet files: {reason}") from None
        self._check_format(self.trials, footers[0]["format"])
        if footers[0]["offset"] != footers[1]["offset"] and self.journal.exists():
            return 0  # crashed between the two files; the journal has everything
        for table, path, keys in (
            (trials, self.trials, {"trial", "state"}),
            (history, self.history, {"trial", "epoch"}),
        ):
            if missing := keys - set(table.schema.names):
                raise InputError(f"{path}: must have the column {min(missing)!r}")
        if self.journal.exists() and footers[0]["offset"] > self.journal.stat().st_size:
            return 0  # the journal's copy in the object store may be older
        facts = footers[0]["facts"]
        tables.apply(cast(SweepEvent, {"event": "sweep", **facts}))
        tables.running = RunningTime(**footers[0].get("running", {}))
        from tune_mc1.results.columns_of_programs import HISTORY_COLUMNS

        fixed = [name for name, _ in HISTORY_COLUMNS]
        tables.columns.add(name for name in history.schema.names if name not in fixed)
        tables.columns.add(
            name.removeprefix("last_") for name in trials.schema.names if name.startswith("last_")
        )
        before = tables.columns.new_row({})
        tables.trials = {row["trial"]: before | row for row in trials.to_pylist()}
        absent = dict.fromkeys(tables.columns.history_schema().names)
        rows = history.to_pylist()
        if absent.keys() - set(history.schema.names):
            rows = [absent | row for row in rows]
        tables.history = {(row["trial"], row["epoch"]): row for row in rows}
        return int(footers[0]["offset"])
