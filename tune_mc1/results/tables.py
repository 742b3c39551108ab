"""Tables of a sweep, built from the events of its journal.

A sweep's directory holds:

| file | content |
|---|---|
| `sweep.yaml` | the resolved sweep; it can be run again |
| `provenance.json` | command, git commit, versions, hardware, data set |
| `journal.jsonl` | every event of the sweep, in order (`tune_mc1.results.journal`) |
| `trials.parquet` | one row per trial: `trial_schema()` |
| `history.parquet` | one row per trial and epoch: `history_schema()` |
| `settings.parquet` | one row per setting: `tune_mc1.results.settings` |
| `predictions.parquet` | the winner's prediction for each test image: `tune_mc1.running.winner` |
| `checkpoints/<trial>/` | `best.ckpt`, `last.ckpt`; while it runs `previous.ckpt`, `partial.ckpt` |
| `logs/<trial>.log` | output of the trial |
| `wandb/` | W&B's offline runs |
| `ray/` | Ray Tune's own state |

The parquet files cover the journal up to the byte offset in their metadata. A reader takes both and
misses nothing, even while the sweep runs or after it was killed. Epochs count
from 1. Metrics (`tune_mc1.config.metrics`): `loss` is the mean cross-entropy in nats over the
epoch's images; `acc` and `f1` (macro average over the classes that occur) are in [0, 1].
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tune_mc1.config.constraints import read_constraint
from tune_mc1.config.trial import Trial
from tune_mc1.results.any_columns import Columns
from tune_mc1.results.columns import TRAINING_COLUMNS, TrainingColumns, columns_of
from tune_mc1.results.columns_of_programs import ProgramColumns, metric_column
from tune_mc1.results.epoch_rows import nothing_yet, take_epoch
from tune_mc1.results.events import Event, ResumeEvent
from tune_mc1.results.exchanges import COPIED_AFTER, hash_of
from tune_mc1.results.growth import HANDLERS
from tune_mc1.results.growth_events import ENDING, TESTED
from tune_mc1.results.ranking import Rank, is_broken, rank_key
from tune_mc1.results.running_time import RunningTime
from tune_mc1.results.schema import Row
from tune_mc1.results.steering.marks import forget_stop
from tune_mc1.results.sweep_event import SweepEvent
from tune_mc1.results.tested import forget_outdated, outdate_tests
from tune_mc1.results.trial_events import (
    EndEvent,
    EpochEvent,
    ExtendEvent,
    OwnScoreEvent,
    PauseEvent,
    RetryEvent,
    ScoreEvent,
    StartEvent,
    TrialEvent,
)


@dataclass
class SweepTables:
    """Both tables of a sweep, built up event by event.

    Attributes:
        metric: Column of the sweep's metric, which decides `best_epoch`; empty if it has none.
        maximize: Whether a higher metric is better.
        trials: Rows by trial id, in the order of the plan.
        history: Rows by (trial id, epoch). An epoch that ran twice keeps its last row.
        metadata: Fields of the event `sweep`, without `event` and `time`.
        ended: Ids of the trials that ended since these tables were created, in that order.
        retried: Ids of the trials that failed and were tried again, each time, with the reason.
        columns: Columns of both tables.
        running: How long a program's trials have run.
        rank: How trials and settings are ranked.
    """

    metric: str = "val_acc"
    maximize: bool = True
    trials: dict[str, Row] = field(default_factory=dict)
    history: dict[tuple[str, int], Row] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list, compare=False)
    retried: list[tuple[str, str]] = field(default_factory=list, compare=False)
    columns: Columns = field(default=TRAINING_COLUMNS, compare=False)
    running: RunningTime = field(default_factory=RunningTime, compare=False)
    rank: Rank = field(default="ended", compare=False)

    @property
    def of_program(self) -> bool:
        """True if the trials are runs of a program."""
        return isinstance(self.columns, ProgramColumns)

    def apply(self, event: Event) -> None:
        """Applies one event; events of unknown kinds are ignored."""
        kind = event.get("event")
        handler = getattr(self, f"_on_{kind}", None)
        if handler is not None:
            handler(event)
        elif kind in HANDLERS:
            HANDLERS[kind](self, event)

    def apply_all(self, events: Iterable[Event]) -> None:
        """Applies events in order."""
        for event in events:
            self.apply(event)

    def _on_sweep(self, event: SweepEvent) -> None:
        self.metadata = {k: v for k, v in event.items() if k not in ("event", "time")}
        self.columns = columns_of(self.metadata)
        self.metric, self.maximize = event["metric"], event["maximize"]
        if self.of_program:
            self.metric = metric_column(self.metric)

    def _on_trial(self, event: TrialEvent) -> None:
        row = self.columns.new_row(event["config"])
        row |= {k: event[k] for k in ("trial", "config_hash", "fold")}
        row |= {k: self.metadata.get(k) for k in ("data", "fingerprint")}
        row |= {"state": "pending", "attempts": 0, **nothing_yet(self)}
        self.trials[event["trial"]] = row

    def _on_start(self, event: StartEvent) -> None:
        row = self.trials[event["trial"]]
        if self.of_program:
            self.running.start(row, event["time"])
        row |= {"state": "running", "log": event["log"], "fused": event.get("fused", 1)}
        row["attempts"] += 1
        row["started"] = row["started"] or event["time"]
        row["ended"] = row["error"] = None

    def _on_epoch(self, event: EpochEvent) -> None:
        take_epoch(self, event)

    def _on_end(self, event: EndEvent) -> None:
        row = self.trials[event["trial"]]
        self.ended.append(event["trial"])
        self.running.end(event["trial"], event["time"])
        row |= {"state": event["state"], "error": event.get("error"), "ended": event["time"]}
        self._log_last(row, event.get("last", {}))

    def _log_last(self, row: Row, values: Mapping[str, float | None]) -> None:
        """Takes what a program or a module logged after its last row."""
        for name, value in values.items():
            column = metric_column(name)
            self.columns.add([column])
            row[f"last_{column}"] = value

    def _on_pause(self, event: PauseEvent) -> None:
        self.trials[event["trial"]]["state"] = "paused"
        if self.of_program:
            self.running.end(event["trial"], event["time"], again=True)

    def _on_resume(self, event: ResumeEvent) -> None:
        if not event.get("complete") and self.metadata.pop(ENDING, None) is not None:
            outdate_tests(self)  # its winner may train on
        for row in self.trials.values():
            if row["state"] == "running":
                row["state"] = "interrupted"

    def _on_extend(self, event: ExtendEvent) -> None:
        row = self.trials[event["trial"]]
        row |= self.columns.cells(event["config"]) | {"config_hash": hash_of(row, event)}
        outdate_tests(self)
        if row["state"] == "completed":
            row |= {"state": "interrupted", "ended": None}
            forget_stop(self, event["trial"])

    def _on_retry(self, event: RetryEvent) -> None:
        self.trials[event["trial"]]["error"] = event["error"]
        self.retried.append((event["trial"], event["error"]))
        if self.of_program:
            self.running.end(event["trial"], event["time"], again=True)

    def _on_test(self, event: ScoreEvent | OwnScoreEvent) -> None:
        scores: Mapping[str, Any] = event
        forget_outdated(self)
        if self.of_program:
            self._on_own_test(event["trial"], scores["last"])
            return
        self.trials[event["trial"]] |= {name: scores.get(name) for name in self.columns.tests}

    def _on_own_test(self, trial: str, scores: Mapping[str, float | None]) -> None:
        """Takes what the test of a user's module logged, beside what its validations did."""
        rows = [row for (of, _), row in self.history.items() if of == trial]
        own = {name for row in rows for name in row}
        named = {f"test.{n}" if metric_column(n) in own else n: v for n, v in scores.items()}
        self._log_last(self.trials[trial], named)
        self.metadata.setdefault(TESTED, {})[trial] = list(map(metric_column, named))

    def in_state(self, state: str) -> list[str]:
        """Ids of the trials in a state."""
        return [trial for trial, row in self.trials.items() if row["state"] == state]

    def attempted(self) -> list[str]:
        """Ids of the trials that have started."""
        return [trial for trial, row in self.trials.items() if row["attempts"]]

    def ranked(self) -> list[Row]:
        """Trial rows by their best value of the sweep's metric, best first.

        Unscored rows, and those of trials that violate a constraint, come last, and before them
        those that diverged or failed (`rank`). Rows with equal scores are in the order of the plan.
        """
        return sorted(self.trials.values(), key=self.place_of)

    def place_of(self, row: Row) -> tuple[int, float]:
        """What trial rows are ranked by, ascending."""
        score = self.score(row) if self.permits(row) else None
        broken = is_broken([row["state"]])
        return rank_key(score, broken=broken, maximize=self.maximize, rank=self.rank)

    def permits(self, row: Row) -> bool:
        """True if the last values of a trial keep all constraints of the sweep."""
        for text in self.metadata.get("constraints", ()):
            limit = read_constraint(text)
            name = metric_column(limit.name) if self.of_program else limit.name
            if limit.violation(row.get(f"last_{name}")) > 0:
                return False
        return True

    def score(self, row: Row) -> float | None:
        """A trial's best value of the sweep's metric, in the direction of its goal."""
        if row["best_epoch"] is None:
            return None
        value: float | None = self.history[row["trial"], row["best_epoch"]][self.metric]
        return value


def trial_of(row: Row, columns: Columns = TRAINING_COLUMNS) -> Trial:
    """The trial of our own training that a row of `trials.parquet` describes.

    Args:
        row: The row.
        columns: Columns of the table.
    """
    assert isinstance(columns, TrainingColumns)
    config, copied_after = columns.config(row), row.get(COPIED_AFTER)
    return Trial(id=row["trial"], config=config, fold=row["fold"], copied_after=copied_after)
