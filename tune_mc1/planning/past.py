"""What a sweep did before it was cut off, as its journal has it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tune_mc1.config.trial import Trial
from tune_mc1.errors import InputError
from tune_mc1.planning.rungs import RungEntry, rung_entry
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.events import Event
from tune_mc1.results.journal import read_events
from tune_mc1.results.schema import ENDED
from tune_mc1.results.tables import SweepTables, trial_of


@dataclass(frozen=True)
class Past:
    """What is known of a sweep before it starts; empty for a new one.

    Attributes:
        tables: Its trials and epochs.
        entries: The arrivals at ASHA's rungs, in order.
        search: What a Bayesian search has suggested (events `trial`) and learnt (`told`), in order.
    """

    tables: SweepTables = field(default_factory=SweepTables)
    entries: list[RungEntry] = field(default_factory=list)
    search: list[Event] = field(default_factory=list)

    @property
    def trials(self) -> list[Trial]:
        """All its trials, in the order of the plan."""
        return [trial_of(row) for row in self.tables.trials.values()]

    def left(self, trials: Sequence[Trial]) -> list[Trial]:
        """Those trials of a plan that have not ended, or are to run longer than they did."""
        return [trial for trial in trials if self._is_left(trial)]

    def _is_left(self, trial: Trial) -> bool:
        row = self.tables.trials.get(trial.id)
        if row is None or row["state"] not in ENDED:
            return True
        return bool(row["state"] == "completed" and row["epochs_run"] < trial.config.epochs)

    def by_epoch(self, trials: Sequence[Trial]) -> list[list[Trial]]:
        """The trials, those with equally many epochs behind them together."""
        parts: dict[int, list[Trial]] = {}
        for trial in trials:
            row = self.tables.trials.get(trial.id)
            parts.setdefault(row["epochs_run"] if row is not None else 0, []).append(trial)
        return list(parts.values())


def read_past(where: ResultDir) -> Past:
    """Reads what a sweep did.

    Raises:
        InputError: If the directory holds no sweep, or one that is damaged.
    """
    if not where.root.is_dir():
        raise InputError(f"{where.root}: no such directory")
    if not where.journal.exists():
        raise InputError(f"{where.journal}: is missing, so this sweep cannot be resumed")
    tables = where.read()
    events = [event for event, _ in read_events(where.journal)]
    try:
        entries = [rung_entry(event) for event in events if event["event"] == "rung"]
    except (KeyError, TypeError) as error:
        raise InputError(f"{where.journal}: is damaged: an event 'rung' lacks {error}") from None
    search: list[Event] = [event for event in events if event["event"] in ("trial", "told")]
    return Past(tables, entries, search)
