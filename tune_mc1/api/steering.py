"""Steering of a sweep that runs."""

from tune_mc1.errors import InputError
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.steering.ask import ask
from tune_mc1.results.steering.marks import notes, pinned
from tune_mc1.results.steering.requests import Add, Note, Pin, Request, Resize, StopTrials


class SteeredSweep:
    """What can be asked of a sweep while it runs, by requests to its process."""

    _where: ResultDir

    def stop_trials(self, *trials: str) -> str:
        """Stops trials of a running sweep: those that run with their epoch, others at once.

        Their rows and checkpoints are kept, and they do not run again when the sweep is resumed.

        Args:
            trials: Their ids.

        Returns:
            What happens, in one line.

        Raises:
            InputError: If a trial is not known, all have ended, or the sweep does not run.
        """
        return self._ask(StopTrials(trials))

    def resize(self, max_concurrent: int) -> str:
        """Changes how many trials of a running sweep run at a time; those that run go on.

        Args:
            max_concurrent: Maximum number of concurrent trials, each of a fused group counted.

        Returns:
            What happens, in one line.

        Raises:
            InputError: If the number is not positive, or the sweep does not run.
        """
        return self._ask(Resize(max_concurrent))

    def add(self, more: int) -> str:
        """Adds settings to a running random or Bayesian search.

        Args:
            more: Number of settings.

        Returns:
            What happens, in one line.

        Raises:
            InputError: If the search cannot have more, or the sweep does not run.
        """
        return self._ask(Add(more))

    def pin(self, trial: str, *, pinned: bool = True) -> str:
        """Pins a trial, or takes the pin off again; also when the sweep has ended.

        Raises:
            InputError: If there is none of this id.
        """
        return self._ask(Pin(trial, pinned))

    def note(self, trial: str, text: str) -> str:
        """Writes a note on a trial, also when the sweep has ended; an empty text removes it.

        Raises:
            InputError: If there is none of this id, or the note is too long.
        """
        return self._ask(Note(trial, text))

    @property
    def notes(self) -> dict[str, str]:
        """Notes on trials, by their ids."""
        return notes(self._where.read())

    @property
    def pinned(self) -> list[str]:
        """Ids of the pinned trials."""
        return pinned(self._where.read())

    def _ask(self, request: Request) -> str:
        answer = ask(self._where, request)
        if answer.state == "refused":
            raise InputError(answer.line)
        return answer.line
