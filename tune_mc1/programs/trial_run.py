"""The W&B run that stands for a trial, among those that its program's attempts open.

A trial's run is that of its last attempt. Of several in an attempt, all with the same id, it is the
one that logs the metric; where one follows upon another, the last, as on W&B's server.
"""

import shutil
from contextlib import suppress
from pathlib import Path

from tune_mc1.files import replacing
from tune_mc1.programs.history import HistoryReader
from tune_mc1.programs.outcome import Facts, Outcome
from tune_mc1.programs.run_end import end_run

RUN = "run"
"""File in a trial's directory that names the file of its run."""


class TrialRun:
    """Keeps where the run's file is, and ends the run.

    Args:
        folder: The trial's own directory.
        gather: Whether a run that the program put elsewhere is copied there, as the place where it
            is does not outlive the sweep.
    """

    def __init__(self, folder: Path, *, gather: bool = False) -> None:
        self._folder, self._gather = folder, gather
        self._file: Path | None = None

    def note(self, facts: Facts) -> None:
        """Notes which run it is, as far as is known.

        Args:
            facts: What the attempt has logged so far.
        """
        leader = facts.iterations.leader
        reader = leader if isinstance(leader, HistoryReader) else None
        reader = reader or next(reversed(facts.runs), None)
        if reader is not None and reader.path != self._file:
            self.note_file(reader.path)

    def note_file(self, file: Path) -> None:
        """Notes the file of the trial's run."""
        self._file = file
        self._write(file)

    def _write(self, file: Path) -> None:
        path = file.absolute()
        if path.is_relative_to(self._folder):
            path = path.relative_to(self._folder)
        with suppress(OSError), replacing(self._folder / RUN) as aside:
            aside.write_text(f"{path}\n")

    def end(self, outcome: Outcome) -> None:
        """Ends the run as the trial did. Where that fails, `wandb sync` does it later."""
        if self._file is not None:
            with suppress(OSError):
                end_run(self._file, outcome.state, outcome.exit_code)
            if self._gather and not self._file.absolute().is_relative_to(self._folder):
                with suppress(OSError, shutil.Error):
                    self._write(self._copied(self._file))

    def _copied(self, file: Path) -> Path:
        folder = self._folder / "wandb" / file.parent.name
        shutil.copytree(file.parent, folder, dirs_exist_ok=True)
        return folder / file.name


def run_file(folder: Path) -> Path | None:
    """The file of a trial's run; None if the program has opened none, or it is not on this machine.

    Args:
        folder: The trial's own directory.
    """
    with suppress(OSError):
        file = folder / (folder / RUN).read_text().removesuffix("\n")
        return file if file.exists() else None
    return None
