"""What a sweep did before it was cut off, as its journal has it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import Trial
from tune_mc1.config.trial_scheduler import TrialScheduler
from tune_mc1.errors import InputError
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.events import DecisionEvent, ObservedEvent, RungEvent, TrialEvent
from tune_mc1.results.journal import read_events
from tune_mc1.results.schema import ENDED
from tune_mc1.results.tables import SweepTables, trial_of


@dataclass(frozen=True)
class Past:
    """What is known of a sweep before it starts; empty for a new one.

    Attributes:
        tables: Its trials and epochs.
        decisions: Events of the trial scheduler's decisions, in order.
        search: What a search that learns has asked (events `trial`) and was told (`told`), in
            order.
        journal: Where all this was read; None for a new sweep.
        size: Bytes of the journal then.
    """

    tables: SweepTables = field(default_factory=SweepTables)
    decisions: Sequence[RungEvent | DecisionEvent] = field(default_factory=list)
    search: Sequence[TrialEvent | ObservedEvent] = field(default_factory=list)
    journal: Path | None = None
    size: int = 0

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

    def values(self, left: Sequence[Trial]) -> dict[str, float | None]:
        """What a search is told of the trials that have ended: the last value of the metric.

        Args:
            left: Trials that run again, and are left out.

        Returns:
            Values by trial, in the order of the plan; None of a trial that diverged or failed.
        """
        again, last = {trial.id for trial in left}, f"last_{self.tables.metric}"
        return {
            name: row[last] if row["state"] in ("completed", "stopped") else None
            for name, row in self.tables.trials.items()
            if row["state"] in ENDED and name not in again
        }

    def by_epoch(self, trials: Sequence[Trial]) -> list[list[Trial]]:
        """The trials, those with equally many epochs behind them together."""
        parts: dict[int, list[Trial]] = {}
        for trial in trials:
            row = self.tables.trials.get(trial.id)
            parts.setdefault(row["epochs_run"] if row is not None else 0, []).append(trial)
        return list(parts.values())

    def scheduler(self, sweep: Sweep) -> tuple[TrialScheduler[Any], set[str]] | None:
        """The sweep's trial scheduler as it was, and the trials that it has stopped.

        Args:
            sweep: The sweep, with the epochs that its trials are to have.

        Returns:
            None where no trial is stopped early.

        Raises:
            InputError: If a decision in the journal is damaged.
        """
        if sweep.early_terminate is None:
            return None
        scheduler = sweep.early_terminate.scheduler(sweep.longest_epochs)
        decisions = []
        for event in self.decisions:
            try:
                decisions.append(scheduler.from_event(event))
            except (KeyError, TypeError) as error:
                kind = event["event"]
                rule = f"is damaged: an event {kind!r} lacks {error}"
                raise InputError(f"{self.journal}: {rule}") from None
        scheduler.restore(decisions)
        return scheduler, {decision.trial for decision in decisions if decision.stop}

    def is_current(self) -> bool:
        """Whether the journal is as long as when it was read."""
        return self.journal is not None and self.journal.stat().st_size == self.size


def read_past(where: ResultDir) -> Past:
    """Reads what a sweep did.

    Raises:
        InputError: If the directory holds no sweep, or one that is damaged.
    """
    if not where.root.is_dir():
        raise InputError(f"{where.root}: no such directory")
    if not where.journal.exists():
        raise InputError(f"{where.journal}: is missing, so this sweep cannot be resumed")
    size = where.journal.stat().st_size
    tables = where.read()
    events = [event for event, _ in read_events(where.journal)]
    decisions = [event for event in events if event["event"] in ("rung", "decision")]
    search = [event for event in events if event["event"] in ("trial", "told")]
    return Past(tables, decisions, search, where.journal, size)
