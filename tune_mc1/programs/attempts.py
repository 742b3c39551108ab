"""Earlier attempts at a trial: what they logged, as far as the next attempt builds on it."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tune_mc1.files import replacing
from tune_mc1.programs.history import HistoryReader
from tune_mc1.programs.iterations import Iteration, Iterations
from tune_mc1.programs.report_file import ReportReader

KEPT = "attempts.json"
"""File in a trial's directory: the iterations that count, and the files that were read for them."""


class Attempts:
    """Iterations of the earlier attempts at a trial, also those that the sweep never received.

    Args:
        folder: The trial's own directory.
        checkpoint_dir: Where the program keeps its state.
        runs: Files of all W&B runs of earlier attempts.
        report_file: File of `tune_mc1.report`; that of the last attempt is moved aside.
        metric: The sweep's metric; None if it has none.
    """

    def __init__(
        self,
        folder: Path,
        checkpoint_dir: Path,
        runs: Iterable[Path],
        report_file: Path,
        metric: str | None,
    ) -> None:
        self._file = folder / KEPT
        self._saved = _newest(checkpoint_dir)
        before = _read(self._file)
        files = [*runs, *_aside(report_file)]
        self._sources = [_named(file, folder) for file in files]
        known = {_named(Path(name), folder) for name in before["files"]}
        new = [f for f, name in zip(files, self._sources, strict=True) if name not in known]
        self._found = [Iteration(*fields) for fields in before["iterations"]]
        self._found += _logged(new, metric)

    def kept(self, first: Iteration | None) -> list[Iteration]:
        """The iterations that the new attempt goes on from, numbered from 1.

        A program that keeps nothing in its checkpoint directory begins again, so none count. One
        that does goes on from its last checkpoint: what it logs again replaces what it had logged.
        Where its steps go on, they say what that is; else the time of the checkpoint does.

        Args:
            first: The first iteration of the new attempt; None if it ended without any.
        """
        if self._saved is None:
            kept: list[Iteration] = []
        elif first is None:
            kept = self._found
        else:
            kept = [it for it in self._found if self._is_before(it, first)]
        kept = [Iteration(number, *it[1:]) for number, it in enumerate(kept, 1)]
        with replacing(self._file) as aside:
            aside.write_text(json.dumps({"files": self._sources, "iterations": kept}))
        return kept

    def _is_before(self, iteration: Iteration, first: Iteration) -> bool:
        begin = self._found[0].step
        steps_go_on = None not in (begin, first.step) and first.step > begin  # type: ignore[operator]
        if steps_go_on and iteration.step is not None:
            return bool(iteration.step < first.step)  # type: ignore[operator]
        assert self._saved is not None
        return (iteration.timestamp or self._saved) <= self._saved


def _named(file: Path, folder: Path) -> str:
    """A file's name in the record: relative to the trial's directory, which may move."""
    return str(file.relative_to(folder) if file.is_relative_to(folder) else file)


def _logged(files: Sequence[Path], metric: str | None) -> list[Iteration]:
    iterations = Iterations(metric)
    for file in files:
        reader = ReportReader if file.suffix == ".jsonl" else HistoryReader
        iterations.sources.append(reader(file))
    return list(iterations.read())


def _aside(report_file: Path) -> list[Path]:
    """Moves the file of the last attempt aside; returns all that were."""
    if report_file.exists():
        number = len(list(report_file.parent.glob(f"{report_file.stem}-*.jsonl"))) + 1
        report_file.rename(report_file.with_name(f"{report_file.stem}-{number:03d}.jsonl"))
    return sorted(report_file.parent.glob(f"{report_file.stem}-*.jsonl"))


def _newest(folder: Path) -> float | None:
    """When a file in a directory last changed; None without files."""
    times = [path.stat().st_mtime for path in folder.rglob("*") if path.is_file()]
    return max(times, default=None)


def _read(file: Path) -> dict[str, Any]:
    if not file.exists():
        return {"files": [], "iterations": []}
    content: dict[str, Any] = json.loads(file.read_text())
    return content
