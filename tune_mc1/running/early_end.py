"""Ends a sweep before all of its trials have ended: at its target, or with its budget."""

import time
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any

from tune_mc1.planning.budget import EPOCHS, epochs_left, settled, used_up
from tune_mc1.planning.next_gain import not_worth_it, said
from tune_mc1.results.ended_scores import ended_scores
from tune_mc1.results.events import Event
from tune_mc1.results.schema import Row
from tune_mc1.results.writer import ResultWriter
from tune_mc1.running.sweep_run import SweepRun


class EarlyEnd:
    """Says which trials may start and go on, and records why the sweep ends.

    At the target, trials that run go on to their end. When the budget is used up, each ends with
    the epoch that it is in, whose checkpoint is there. Either way no other trial starts. Where the
    budget has epochs for some trials of a group only, the others end, or do not start with it.

    Args:
        run: The sweep.
        writer: Records the reason; its events say what the sweep spends.
        now: The present time in seconds since 1970.

    Attributes:
        reason: Why the sweep ends; None while it goes on.
        cut: Ids of the trials that the end of the budget has interrupted.
    """

    def __init__(
        self, run: SweepRun, writer: ResultWriter, now: Callable[[], float] = time.time
    ) -> None:
        self.reason: str | None = None
        self.cut: set[str] = set()
        self._sweep, self._writer, self._now = run.sweep, writer, now
        self._spent = deepcopy(run.past.spent)
        self._running: set[str] = set()
        self._settings = number_of_settings(run)
        if run.past.tables.metadata:
            self._spent.take({"event": "resume"})
        self._spent.take_all(price_events(run))
        writer.listeners.append(self.take)
        if run.sweep.metric.target is not None:
            for trial, row in writer.tables.trials.items():
                self._check_target(trial, writer.tables.score(row), row["best_epoch"])
        self._check_gain()

    def take(self, event: Event) -> None:
        """Takes in an event that was just written."""
        self._spent.take(event)
        fields: Mapping[str, Any] = event
        if event["event"] == "start":
            self._running.add(event["trial"])
        elif event["event"] in ("end", "pause"):
            self._running.discard(fields["trial"])
            self._check_gain()
        elif event["event"] == "epoch":
            value = fields.get("metrics", fields).get(self._sweep.metric.name)
            self._check_target(fields["trial"], value, fields["epoch"])

    def room(self) -> float:
        """How many further trials may start; 0 once the sweep ends."""
        if self.reason is None:
            self._check(len(self._running))
        if self.reason is not None:
            return 0
        return epochs_left(self._sweep.budget, self._spent, len(self._running))

    def starts(self, trials: Sequence[str]) -> None:
        """Notes that trials are about to start."""
        self._running.update(trials)

    def gives_back(self, trials: Sequence[str]) -> None:
        """Notes that trials did not start after all."""
        self._running.difference_update(trials)

    def add(self, settings: int) -> None:
        """Notes that the sweep has further settings."""
        if self._settings is not None:
            self._settings += settings

    def cuts(self, trials: Sequence[str], rows: Sequence[Row]) -> Sequence[str]:
        """Decides on a report: which of its trials must end now, as the budget is used up.

        Args:
            trials: Ids of those that share the report and would go on.
            rows: Its rows, which are not written yet.
        """
        if self._sweep.budget is None:
            return ()
        reports = {*trials, *(row["trial"] for row in rows)}
        others = len(self._running - reports)
        new = sum(not self._spent.has(row["trial"], row["epoch"]) for row in rows)
        if self._check(new + others):
            cut = trials
        else:
            left = epochs_left(self._sweep.budget, self._spent, new + others)
            cut = trials[int(min(left, len(trials))) :]
        self.cut.update(cut)
        return cut

    def settle(self) -> None:
        """Says how many epochs ran, if the sweep has ended with its budget of them.

        While the last ones ran, it was not known whether all would end.
        """
        budget = self._sweep.budget
        if budget is None or self.reason is None or not self.reason.startswith(EPOCHS):
            return
        reason = settled(budget, self._spent)
        if reason != self.reason:
            self.reason = reason
            self._writer.write({"event": "enough", "reason": reason})

    def _check_target(self, trial: str, value: float | None, epoch: int | None) -> None:
        metric = self._sweep.metric
        if metric.reached(value):
            self._end(f"metric.target: {trial} reached {metric.name} {value:g} in epoch {epoch}")

    def _check_gain(self) -> None:
        """Ends the sweep if no further setting promises to be worth it."""
        least = None if self._sweep.budget is None else self._sweep.budget.min_gain
        if least is None or self.reason is not None:
            return
        scores, left = ended_scores(self._writer.tables, self._settings)
        learns = self._sweep.search.learns
        found = not_worth_it(scores, left, least, learns=learns)
        if found is not None:
            self._end(f"budget.min_gain: {said(found, left, least, self._sweep.metric.name)}")

    def _check(self, underway: int) -> bool:
        """Whether the budget is used up, which ends the sweep."""
        reason = used_up(self._sweep.budget, self._spent, self._now(), underway)
        if reason is not None:
            self._end(reason)
        return reason is not None

    def _end(self, reason: str) -> None:
        if self.reason is None:
            self.reason = reason
            self._writer.write({"event": "enough", "reason": reason})


def number_of_settings(run: SweepRun) -> int | None:
    """Number of settings of a sweep; None if it has no end of its own."""
    if run.sweep.adapter is not None:
        return run.sweep.run_cap
    return len({trial.config_hash for trial in run.trials})


def price_events(run: SweepRun) -> Sequence[Event]:
    """The event of what an hour costs from now on, if the sweep says so."""
    budget = run.sweep.budget
    if budget is None or budget.price is None:
        return ()
    return ({"event": "price", "an_hour": budget.price},)
