"""One trial as the browser gets it: its setting, its epochs, why it ended, its log."""

import os
from pathlib import Path
from typing import Any

from tune_mc1.errors import InputError, TuneMc1Error
from tune_mc1.page.columns import plain
from tune_mc1.page.live_sweep import LiveSweep
from tune_mc1.redaction import redact
from tune_mc1.results.states import Row
from tune_mc1.results.steering.marks import notes, pinned, to_stop

LOG_BYTES = 64 * 1024
"""Most of a log that one answer holds; a longer one is read from its end."""

FACTS = (
    *("trial", "state", "best_epoch", "epochs_run", "seconds", "started", "ended", "attempts"),
    *("fused", "node", "device_name", "images_per_second", "error", "log", "config_hash", "fold"),
)


def trial_details(live: LiveSweep, trial: str) -> dict[str, Any]:
    """A trial in detail.

    Args:
        live: The sweep, up to date.
        trial: The trial's id.

    Raises:
        InputError: If there is none of this id.
    """
    tables, row = live.tables, row_of(live, trial)
    metrics = list(tables.columns.metrics(tables.metric))
    epochs = [tables.history.get((trial, e)) for e in range(1, (row["epochs_run"] or 0) + 1)]
    known = [entry for entry in epochs if entry is not None]
    curves = {name: [plain(entry.get(name)) for entry in known] for name in metrics}
    tests = {n: row[n] for n in tables.columns.tests if plain(row.get(n)) is not None}
    return {
        **{name: plain(row.get(name)) for name in FACTS},
        "score": plain(tables.score(row)),
        "why": live.why(trial),
        "config": tables.columns.values(row),
        "varied": [tables.columns.own_names.get(n, n) for n in live.columns.parameters],
        "epochs": [entry["epoch"] for entry in known],
        "curves": {name: values for name, values in curves.items() if any_number(values)},
        "tests": tests,
        "same_setting": same_setting(live, row),
        "files": [path.name for path in checkpoints(live, trial)],
        "pinned": trial in pinned(tables),
        "note": notes(tables).get(trial, ""),
        "stopping": trial in to_stop(tables),
        "version": live.version,
    }


def row_of(live: LiveSweep, trial: str) -> Row:
    """A trial's row.

    Raises:
        InputError: If there is none of this id.
    """
    if trial not in live.tables.trials:
        raise InputError(f"{live.where.root.name}: has no trial {trial!r}")
    return live.tables.trials[trial]


def any_number(values: list[Any]) -> bool:
    """Whether a metric was ever recorded."""
    return any(value is not None for value in values)


def same_setting(live: LiveSweep, row: Row) -> list[str]:
    """Ids of the other trials of a trial's setting: its replicates and folds."""
    mine = row["config_hash"]
    rows = live.tables.trials.values()
    return [r["trial"] for r in rows if r["config_hash"] == mine and r["trial"] != row["trial"]]


def checkpoints(live: LiveSweep, trial: str) -> list[Path]:
    """Files that a trial has left in its folder."""
    folder = live.where.checkpoints(trial)
    return sorted(path for path in folder.glob("*") if path.is_file()) if folder.is_dir() else []


def log_part(live: LiveSweep, trial: str, start: int | None) -> dict[str, Any]:
    """A part of a trial's log.

    Args:
        live: The sweep, up to date.
        trial: The trial's id.
        start: Byte from which on it is read; None for its end.

    Returns:
        The text, the byte after it, and whether what comes before is left out.

    Raises:
        InputError: If there is no such trial.
        StorageError: If the log is in an object store that fails.
    """
    name = row_of(live, trial)["log"]
    path = None if name is None else live.files.local(name)
    if path is None or not path.is_file():
        return {"text": "", "end": 0, "cut": False}
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            fresh = start is None or start > size or size - start > LOG_BYTES
            begin = max(0, size - LOG_BYTES) if fresh else start
            file.seek(begin or 0)
            raw = file.read(LOG_BYTES)
    except OSError as error:
        raise TuneMc1Error(f"{path}: cannot be read: {error.strerror}") from None
    at = begin or 0
    if fresh and at:  # begin with a whole line
        skipped = raw.find(b"\n") + 1
        at, raw = at + skipped, raw[skipped:]
    return {
        "text": redact(raw.decode("utf-8", "replace")),
        "end": at + len(raw),
        "cut": fresh and at > 0,
        "fresh": fresh,
    }
