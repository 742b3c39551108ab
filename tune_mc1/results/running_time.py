"""How long a program's trials have run, without the time between their attempts.

A trial that was started once has run from its start to its end. One that was started again has
several such times; for those this adds them up, event by event.
"""

from dataclasses import dataclass, field
from typing import Any

from tune_mc1.results.states import Row


@dataclass
class RunningTime:
    """Running times of trials.

    Attributes:
        spent: Seconds of all attempts that ended, of trials with several.
        open: Start and last sign of life of attempts that have not ended, in seconds since 1970.
    """

    spent: dict[str, float] = field(default_factory=dict)
    open: dict[str, list[float]] = field(default_factory=dict)

    def start(self, row: Row, time: float) -> None:
        """An attempt starts.

        Args:
            row: The trial's row before that.
            time: When.
        """
        trial = row["trial"]
        if trial in self.open:  # the sweep was killed
            begin, last = self.open[trial]
            self._add(trial, last - begin)
        elif trial not in self.spent and None not in (row["started"], row["ended"]):
            self._add(trial, row["ended"] - row["started"])
        self.open[trial] = [time, time]

    def log(self, trial: str, time: float) -> None:
        """A trial's program logged something."""
        if trial in self.open:
            self.open[trial][1] = max(time, self.open[trial][1])

    def end(self, trial: str, time: float, *, again: bool = False) -> None:
        """An attempt ended.

        Args:
            trial: The trial.
            time: When.
            again: Whether another attempt follows.
        """
        begin, _ = self.open.pop(trial, (time, time))
        if again or trial in self.spent:
            self._add(trial, time - begin)

    def of(self, row: Row) -> float:
        """Seconds that a trial has run; of its iterations while it runs for the first time."""
        trial = row["trial"]
        if trial in self.spent:
            begin, last = self.open.get(trial, (0.0, 0.0))
            return self.spent[trial] + last - begin
        if row["ended"] is None or row["started"] is None:
            return row["seconds"] or 0.0
        return float(row["ended"] - row["started"])

    def _add(self, trial: str, seconds: float) -> None:
        self.spent[trial] = self.spent.get(trial, 0.0) + max(0.0, seconds)

    def record(self) -> dict[str, Any]:
        """Its content as plain data."""
        return {"spent": self.spent, "open": self.open}
