"""Metrics of programs without W&B: `tune_mc1.report` writes them, and the sweep reads them.

A file has one JSON object per line: `{"step": 3, "runtime": 0.5, "time": 1.7e9, "metrics": {...}}`.
Nothing here imports more than the standard library.
"""

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tune_mc1.programs.log_row import Kind, LogRow, scalars

REPORT = "TUNE_MC1_REPORT"
"""Environment variable that names the file; it is set inside of a sweep only."""

_BEGIN = time.time()


def report(metrics: Mapping[str, Any], step: int | None = None) -> None:
    """Reports metrics of the running trial; outside of a sweep it does nothing.

    Each call that has the sweep's metric is one row of the trial's history.

    Args:
        metrics: Numbers by name. Nested dicts become `outer.inner`; numbers of NumPy and PyTorch
            with one element are taken.
        step: The program's own step or epoch, from 0; recorded beside the metrics.

    Raises:
        TypeError: `metrics` is not a mapping, or has a value that is not a number, text, list,
            dict or None. So it is outside of a sweep, too.
    """
    if not isinstance(metrics, Mapping):
        raise TypeError(f"metrics must be a dict such as {{'val_acc': 0.9}}, got {metrics!r}")
    now = time.time()
    row = {"step": step, "runtime": now - _BEGIN, "time": now, "metrics": dict(metrics)}
    line = json.dumps(row, default=_as_number) + "\n"
    path = os.environ.get(REPORT)
    if path:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        try:
            os.write(file, line.encode())  # whole, also where several processes report
        finally:
            os.close(file)


def _as_number(value: Any) -> Any:
    """A Python number of an array or tensor with one element."""
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"a metric must be a number, got {value!r}")


class ReportReader:
    """Reads a file of reports while it grows, each row once.

    Args:
        path: The file; it may not exist yet.

    Attributes:
        path: The file.
        left_out: Names that were reported with values that are no scalars, and their last kind.
        exit_code: None: a program's end is no part of the file.
    """

    exit_code: int | None = None

    def __init__(self, path: Path) -> None:
        self.path = path
        self.left_out: dict[str, Kind] = {}
        self._at = 0

    def read(self) -> list[LogRow]:
        """The rows that have come since the last call; a line that is half written waits."""
        try:
            if self.path.stat().st_size == self._at:
                return []
            with self.path.open("rb") as file:
                file.seek(self._at)
                whole = file.read().rpartition(b"\n")[0]
        except FileNotFoundError:
            return []
        lines = whole.split(b"\n") if whole else []
        self._at += sum(len(line) + 1 for line in lines)
        return [row for line in lines if (row := self._row(line)) is not None]

    def _row(self, line: bytes) -> LogRow | None:
        try:
            said = json.loads(line)
            metrics: dict[str, float] = {}
            for name, value in said["metrics"].items():
                metrics.update(scalars(name, value, self.left_out))
            return LogRow(metrics, said["step"], said["runtime"], said["time"])
        except (ValueError, TypeError, KeyError, AttributeError):  # written by something else
            return None
