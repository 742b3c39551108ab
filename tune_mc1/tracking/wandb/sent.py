"""What W&B's server has of a sweep for certain, and who may send to it: one process at a time.

`wandb-sent.jsonl` in the result directory gets a line for each run that the server, asked for it,
had as a whole. Without the file the server is asked again.
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
    """Another process sends this sweep to W&B."""


class Sent:
    """The record, locked for this process until it is closed or the process ends.

    Args:
        where: The sweep's directory.
        server: Host name of W&B's server; each has its own record.
        wait: Whether to wait for the process that has it; else `BusyError`.

    Raises:
        BusyError: If another process has it.
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
                    f"{where.root}: another process sends this sweep to W&B; run this again when "
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
        """Lets another process have it."""
        self._held.close()

    def has(self, row: Mapping[str, Any]) -> bool:
        """Whether the server is known to have all of a trial.

        Args:
            row: The trial's row.
        """
        return self._marks.get(row["trial"]) == marks_of(row)

    def add(self, row: Mapping[str, Any]) -> None:
        """Notes that the server has all that a trial's row says."""
        event = {"event": "sent", "server": self.server, "trial": row["trial"]}
        self._journal.write({**event, "marks": marks_of(row)})
        self._marks[row["trial"]] = marks_of(row)


def sync_command(where: ResultDir) -> str:
    """The command that sends a sweep later, for notices."""
    return f"`python -m tune_mc1 wandb sync {shlex.quote(str(where.root))}`"


def marks_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """What tells whether there is more to send of a trial than at another time."""
    return {name: row[name] for name in ("epochs_run", "state", *test_metrics())}
