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
| `checkpoints/<trial>/` | `best.ckpt`, `last.ckpt` and, while the trial runs, `previous.ckpt` |
| `logs/<trial>.log` | output of the trial |
| `wandb/` | W&B's offline runs |
| `ray/` | Ray Tune's own state |

The parquet files cover the journal up to the byte offset in their metadata. A reader takes both and
misses nothing, even while the sweep runs or after it was killed. Epochs count
from 1. Metrics (`tune_mc1.config.metrics`): `loss` is the mean cross-entropy in nats over the
epoch's images; `acc` and `f1` (macro average over the classes that occur) are in [0, 1].
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from tune_mc1.config.metrics import better, epoch_metrics, goal_of, test_metrics
from tune_mc1.config.trial import Trial, TrialConfig, trial_defaults, trial_fields
from tune_mc1.results.events import (
    EndEvent,
    EpochEvent,
    Event,
    ExtendEvent,
    ResumeEvent,
    RetryEvent,
    ScoreEvent,
    StartEvent,
    SweepEvent,
    TrialEvent,
)
from tune_mc1.results.schema import Row, history_schema, trial_schema


@lru_cache
def _higher_is_better(metrics: tuple[str, ...]) -> Mapping[str, bool]:
    return {name: goal_of(name) == "maximize" for name in metrics}


@dataclass
class SweepTables:
    """Both tables of a sweep, built up event by event.

    Attributes:
        metric: The sweep's metric; it decides `best_epoch`.
        maximize: Whether a higher metric is better.
        trials: Rows by trial id, in the order of the plan.
        history: Rows by (trial id, epoch). An epoch that ran twice keeps its last row.
        metadata: Fields of the event `sweep`, without `event` and `time`.
        ended: Ids of the trials that ended since these tables were created, in that order.
    """

    metric: str = "val_acc"
    maximize: bool = True
    trials: dict[str, Row] = field(default_factory=dict)
    history: dict[tuple[str, int], Row] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list, compare=False)

    def apply(self, event: Event) -> None:
        """Applies one event; events of unknown kinds are ignored."""
        handler = getattr(self, f"_on_{event.get('event')}", None)
        if handler is not None:
            handler(event)

    def apply_all(self, events: Iterable[Event]) -> None:
        """Applies events in order."""
        for event in events:
            self.apply(event)

    def _on_sweep(self, event: SweepEvent) -> None:
        self.metadata = {k: v for k, v in event.items() if k not in ("event", "time")}
        self.metric, self.maximize = event["metric"], event["maximize"]

    def _on_trial(self, event: TrialEvent) -> None:
        row: Row = dict.fromkeys(trial_schema().names)
        row |= trial_defaults()
        row |= event["config"]
        row |= {k: event[k] for k in ("trial", "config_hash", "fold")}
        row |= {k: self.metadata.get(k) for k in ("data", "fingerprint")}
        row |= {"state": "pending", "attempts": 0, **self._nothing_yet()}
        self.trials[event["trial"]] = row

    def _on_start(self, event: StartEvent) -> None:
        row = self.trials[event["trial"]]
        row |= {"state": "running", "log": event["log"], "fused": event.get("fused", 1)}
        row["attempts"] += 1
        row["started"] = row["started"] or event["time"]
        row["ended"] = row["error"] = None

    def _on_epoch(self, event: EpochEvent) -> None:
        trial, epoch = event["trial"], event["epoch"]
        row, old = self.trials[trial], self.history.get((trial, epoch))
        entry = {name: event.get(name) for name in (*history_schema().names, self.metric)}
        if old is not None and {**entry, "time": None} == {**old, "time": None}:
            return  # a resumed trial reports its last epoch again
        self.history[trial, epoch] = entry
        row |= {k: event.get(k) for k in ("node", "device_name")}
        if old is None:
            self._take_metrics(row, entry)
            return
        last = row["epochs_run"]  # the epoch ran again, so everything derived from it is redone
        row |= self._nothing_yet()
        for again in (self.history.get((trial, e)) for e in range(1, last + 1)):
            if again is not None:
                self._take_metrics(row, again)

    def _metrics(self) -> Mapping[str, bool]:
        """The metrics of every epoch and the sweep's own: True where higher is better.

        The package that registered the sweep's metric may be missing where results are read.
        """
        return _higher_is_better((*epoch_metrics(), self.metric))

    def _nothing_yet(self) -> Row:
        """Values of a row before the first epoch."""
        numbers = {"epochs_run": 0, "seconds": 0.0, "best_epoch": None, "images_per_second": None}
        metrics = [f"{kind}_{name}" for kind in ("best", "last") for name in self._metrics()]
        return numbers | dict.fromkeys(metrics)

    def _take_metrics(self, row: Row, entry: Row) -> None:
        row["seconds"] += entry["seconds"]
        epoch, before = entry["epoch"], row["epochs_run"]
        if better(entry[self.metric], self.score(row), maximize=self.maximize):
            row["best_epoch"] = epoch
        for name, maximize in self._metrics().items():
            row[f"last_{name}"] = entry[name]
            if better(entry[name], row[f"best_{name}"], maximize=maximize):
                row[f"best_{name}"] = entry[name]
        row["epochs_run"] = max(epoch, before)
        rate = row["images_per_second"] or 0.0
        row["images_per_second"] = rate + (entry["images_per_second"] - rate) / max(epoch, 1)

    def _on_end(self, event: EndEvent) -> None:
        row = self.trials[event["trial"]]
        self.ended.append(event["trial"])
        row |= {"state": event["state"], "error": event.get("error"), "ended": event["time"]}

    def _on_resume(self, event: ResumeEvent) -> None:
        for row in self.trials.values():
            if row["state"] == "running":
                row["state"] = "interrupted"

    def _on_extend(self, event: ExtendEvent) -> None:
        row = self.trials[event["trial"]]
        row |= event["config"] | {"config_hash": event["config_hash"]}
        row |= dict.fromkeys(test_metrics())  # a longer sweep may have another winner
        if row["state"] == "completed":
            row |= {"state": "interrupted", "ended": None}

    def _on_retry(self, event: RetryEvent) -> None:
        self.trials[event["trial"]]["error"] = event["error"]

    def _on_test(self, event: ScoreEvent) -> None:
        scores: Mapping[str, Any] = event
        self.trials[event["trial"]] |= {name: scores.get(name) for name in test_metrics()}

    def ranked(self) -> list[Row]:
        """Trial rows by their best value of the sweep's metric, best first; unscored rows last.

        Rows with equal scores are in the order of the plan.
        """
        return sorted(self.trials.values(), key=self._rank)

    def _rank(self, row: Row) -> float:
        score = self.score(row)
        if score is None:
            return math.inf
        return -score if self.maximize else score

    def score(self, row: Row) -> float | None:
        """A trial's best value of the sweep's metric, in the direction of its goal."""
        if row["best_epoch"] is None:
            return None
        value: float | None = self.history[row["trial"], row["best_epoch"]][self.metric]
        return value


def trial_of(row: Row) -> Trial:
    """The trial that a row of `trials.parquet` describes."""
    config = TrialConfig(**{name: row[name] for name in trial_fields()})
    return Trial(id=row["trial"], config=config, fold=row["fold"])
