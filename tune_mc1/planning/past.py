"""Earlier progress of a sweep that is resumed, read from its journal."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from tune_mc1.config.program_trial import AnyTrial, ProgramTrial
from tune_mc1.config.search import SEARCHES
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import Trial
from tune_mc1.config.trial_scheduler import TrialScheduler
from tune_mc1.errors import InputError
from tune_mc1.planning.removed import Removed
from tune_mc1.planning.spent import Spent
from tune_mc1.results.columns import TrainingColumns
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.events import Event
from tune_mc1.results.exchanges import COPIED_AFTER, ExchangeEvent, goes_on_after
from tune_mc1.results.growth_events import EvidenceEvent, GrowEvent
from tune_mc1.results.journal import read_events
from tune_mc1.results.schema import ENDED, Row
from tune_mc1.results.tables import SweepTables, trial_of
from tune_mc1.results.trial_events import DecisionEvent, RungEvent

T = TypeVar("T", bound=AnyTrial)

Decided = RungEvent | DecisionEvent | ExchangeEvent
"""Event of a trial scheduler's decision."""


@dataclass(frozen=True)
class Past:
    """Earlier progress of a sweep; empty for a new one.

    Attributes:
        tables: Its trials and epochs.
        decisions: Events of the trial scheduler's decisions, in order.
        search: Calls of a search that learns, in order: settings asked for (events `trial`),
            epochs reported (`epoch`), ends of trials (`end`) and results told (`told`).
        removed: Ids of trials whose checkpoints were removed.
        evidence: Trials of earlier sweeps from which a search learns.
        grown: Events of the times that the sweep grew or shrank, in order.
        spent: What it has spent.
        requests: Ids of requests that it has carried out while it ran.
        journal: The journal from which it was read; None for a new sweep.
        size: Size of the journal at that time, in bytes.
    """

    tables: SweepTables = field(default_factory=SweepTables)
    decisions: Sequence[Decided] = field(default_factory=list)
    search: Sequence[Event] = field(default_factory=list)
    removed: frozenset[str] = frozenset()
    evidence: Sequence[EvidenceEvent] = field(default_factory=list)
    grown: Sequence[GrowEvent] = field(default_factory=list)
    spent: Spent = field(default_factory=Spent)
    requests: frozenset[str] = frozenset()
    journal: Path | None = None
    size: int = 0

    @property
    def trials(self) -> list[AnyTrial]:
        """All its trials, in the order of the plan."""
        return list(self._trials())

    def trials_beside(self, planned: Sequence[AnyTrial]) -> list[AnyTrial]:
        """All its trials; those that are as planned are the planned ones, not made again."""
        columns = self.tables.columns
        if not isinstance(columns, TrainingColumns):
            return self.trials
        plan = {trial.id: trial for trial in planned}
        rows = self.tables.trials.values()
        return [_made(row, columns, plan.get(row["trial"])) for row in rows]

    @property
    def first(self) -> AnyTrial | None:
        """Its first trial; None without trials."""
        return next(self._trials(), None)

    def _trials(self) -> Iterator[AnyTrial]:
        if not self.tables.of_program:
            columns = self.tables.columns
            yield from (trial_of(row, columns) for row in self.tables.trials.values())
            return
        for event in self.search:  # columns have one type each; the journal has the very values
            if event["event"] == "trial":
                yield ProgramTrial(id=event["trial"], values=event["config"])

    def remaining(self, trials: Sequence[T]) -> list[T]:
        """Trials of a plan that have not ended, or will now run for more epochs."""
        return [trial for trial in trials if self._remains(trial)]

    def _remains(self, trial: AnyTrial) -> bool:
        row = self.tables.trials.get(trial.id)
        if row is not None and row["state"] == "paused":
            return trial.id not in self.waiting
        if row is None or row["state"] not in ENDED:
            return True
        if row["state"] == "dropped":
            return True
        return bool(row["state"] == "completed" and row["epochs_run"] < trial.epochs)

    @cached_property
    def waiting(self) -> set[str]:
        """Ids of the trials that pause, and were not promoted."""
        last: dict[str, bool] = {}
        for event in self.decisions:
            last |= _stops(event)
        rows = self.tables.trials.items()
        return {t for t, row in rows if row["state"] == "paused" and last.get(t, True)}

    def lacks_checkpoint(self, trial: str) -> bool:
        """True if a trial has run epochs, and the checkpoints to go on from were removed."""
        return trial in self.removed and bool(self.tables.trials[trial]["epochs_run"])

    def by_epoch(self, trials: Sequence[T]) -> list[list[T]]:
        """Groups trials by the number of epochs that they have completed."""
        parts: dict[int, list[T]] = {}
        for trial in trials:
            row = self.tables.trials.get(trial.id)
            parts.setdefault(goes_on_after(row) if row is not None else 0, []).append(trial)
        return list(parts.values())

    def scheduler(self, sweep: Sweep) -> tuple[TrialScheduler[Any], set[str]] | None:
        """Restores the sweep's trial scheduler.

        Args:
            sweep: The sweep, with the new number of epochs.

        Returns:
            The scheduler and the ids of the trials that it has stopped; None without
            `early_terminate`.

        Raises:
            InputError: If a decision in the journal is damaged.
        """
        if sweep.early_terminate is None:
            return None
        scheduler = sweep.early_terminate.scheduler_of(sweep)
        decisions = []
        for event in self.decisions:
            try:
                decisions.append(scheduler.from_event(event))
            except (KeyError, TypeError) as error:
                kind = event["event"]
                rule = f"is damaged: an event {kind!r} lacks {error}"
                raise InputError(f"{self.journal}: {rule}") from None
        scheduler.restore(decisions)
        return scheduler, scheduler.gone(decisions)

    def is_current(self) -> bool:
        """True if the journal has not grown since it was read."""
        return self.journal is not None and self.journal.stat().st_size == self.size


def _learned(tables: SweepTables) -> bool:
    """False if all settings were known in advance, so that no search needs the epochs."""
    method = str(tables.metadata.get("method"))
    return tables.of_program or method not in SEARCHES or SEARCHES[method].learns


def _decisions(events: Iterable[Event]) -> list[Decided]:
    """Decisions that hold: not those that stopped a trial that ran again after it had failed."""
    found: list[Decided] = []
    for event in events:
        if event["event"] in ("rung", "decision", "exchange"):
            found.append(event)
        elif event["event"] == "again":
            found = without_stops(found, {event["trial"]})
    return found


def without_stops(decisions: Iterable[Decided], trials: Collection[str]) -> list[Decided]:
    """Decisions other than those that stopped one of these trials."""
    return [
        event
        for event in decisions
        if not any(stop and trial in trials for trial, stop in _stops(event).items())
    ]


def _made(row: Row, columns: TrainingColumns, planned: AnyTrial | None) -> Trial:
    """The trial that a row describes: the planned one if it is that."""
    if (
        isinstance(planned, Trial)
        and planned.fold == row["fold"]
        and row.get(COPIED_AFTER) is None
        and planned.values == columns.values(row)
    ):
        return planned
    return trial_of(row, columns)


def _stops(event: Decided) -> Mapping[str, bool]:
    """Which trials a decision is about, and whether each leaves its worker."""
    if event["event"] == "exchange":
        return dict.fromkeys(event["trials"], False)
    return {event["trial"]: event["stop"]}


def read_past(where: ResultDir) -> Past:
    """Reads the earlier progress of a sweep.

    Raises:
        InputError: If the directory does not contain a sweep, or the sweep is damaged.
    """
    if not where.root.is_dir():
        raise InputError(f"{where.root}: no such directory")
    if not where.journal.exists():
        raise InputError(f"{where.journal}: is missing, so this sweep cannot be resumed")
    size = where.journal.stat().st_size
    tables = where.read()
    events = [event for event, _ in read_events(where.journal)]
    decisions = _decisions(events)
    kinds = ("trial", "epoch", "end", "told") if _learned(tables) else ("trial",)
    search = [event for event in events if event["event"] in kinds]
    removed = frozenset(Removed().take_all(events).trials)
    grown = [event for event in events if event["event"] == "grow"]
    evidence = [event for event in events if event["event"] == "evidence"]
    spent = Spent().take_all(events)
    records: Sequence[Mapping[str, Any]] = events
    requests = frozenset(str(record["request"]) for record in records if "request" in record)
    more = (removed, evidence, grown, spent, requests)
    return Past(tables, decisions, search, *more, where.journal, size)
