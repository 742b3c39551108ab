"""Record of the runs that W&B's server has completely, locked by the one process that may upload.

`wandb-sent.jsonl` in the result directory has one line for each run that the server confirmed to
be complete. Without the file, the server is queried again.
"""

import shlex
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, Self

from tune_mc1.config.metrics import test_metrics
from tune_mc1.errors import TuneMc1Error
from tune_mc1.file_lock import locked
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.journal import Journal, read_records


class BusyError(TuneMc1Error):
    """Another process is uploading this sweep to W&B."""


class Sent:
    """The record, locked for this process until it is closed or the process ends.

    Args:
        where: The sweep's directory.
        server: Host name of W&B's server; each server has its own record.
        wait: Whether to wait for the lock, instead of raising `BusyError`.

    Raises:
        BusyError: If another process holds the lock.
        OSError: If the file cannot be written.
    """

    def __init__(self, where: ResultDir, server: str, *, wait: bool = False) -> None:
        self.server = server
        path = where.root / "wandb-sent.jsonl"
        with ExitStack() as held:
            try:
                held.enter_context(locked(path, wait=wait))
            except BlockingIOError:
                raise BusyError(
                    f"{where.root}: another process is uploading this sweep to W&B; try again when "
                    "it has ended"
                ) from None
            self._journal = Journal(path)
            held.callback(self._journal.close)
            self._held = held.pop_all()
        self._marks = {
            event["trial"]: event["marks"]
            for event, _ in read_records(path)
            if event.get("server") == server
        }

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes it."""
        self.close()

    def close(self) -> None:
        """Releases the lock."""
        self._held.close()

    def has(self, row: Mapping[str, Any]) -> bool:
        """True if the server is known to have a trial's run completely.

        Args:
            row: The trial's row.
        """
        return self._marks.get(row["trial"]) == marks_of(row)

    def add(self, row: Mapping[str, Any]) -> None:
        """Records that the server has a trial's run completely, as of its row."""
        event = {"event": "sent", "server": self.server, "trial": row["trial"]}
        self._journal.write({**event, "marks": marks_of(row)})
        self._marks[row["trial"]] = marks_of(row)


def sync_command(where: ResultDir) -> str:
    """The command that uploads a sweep later, for notices."""
    return f"`python -m tune_mc1 wandb sync {shlex.quote(str(where.root))}`"


def offline_line(where: ResultDir, count: int) -> str:
    """The notice of how runs that were recorded offline are sent.

    Args:
        where: The result directory.
        count: Number of runs.
    """
    runs, them = ("1 run is", "it") if count == 1 else (f"{count} runs are", "them")
    return f"W&B: {runs} recorded offline. {sync_command(where)} uploads {them}."


def marks_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a trial's row that change whenever there is more to upload."""
    tests = [name for name in test_metrics() if name in row]
    # Another attempt of a program is another run, though it may end like the one before.
    return {name: row[name] for name in ("epochs_run", "state", *(tests or ["attempts"]))}
