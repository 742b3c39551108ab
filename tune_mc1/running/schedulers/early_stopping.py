"""Adapter that runs any trial scheduler of a sweep on Ray Tune."""

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, cast

from ray.tune.experiment import Trial as TuneTrial
from ray.tune.schedulers import TrialScheduler

from tune_mc1.config.trial_scheduler import Decided
from tune_mc1.config.trial_scheduler import TrialScheduler as Decider
from tune_mc1.planning.stop_reasons import reason_text
from tune_mc1.results.growth_events import TakenEvent
from tune_mc1.results.schema import Row
from tune_mc1.results.trial_events import DecisionEvent
from tune_mc1.running.schedulers.first_come import FirstCome


class EarlyStopping(FirstCome):
    """Passes the rows that trials report to a pure scheduler, and carries out its decisions.

    Ray's own `ASHAScheduler` lets NaN survive and forgets its rungs when restored (ray#11670,
    ray#30838).

    Args:
        decider: Receives scores and decides.
        stopped: Trials that were stopped, or paused, before the sweep was resumed.
        metric: The sweep's metric.
        maximize: Whether a higher metric is better.
        record: Called with the event of each decision.
        patient: Whether stopped trials end by themselves, once they are told, as programs do.

    Attributes:
        stopped: Ids of the trials that are stopped, or paused.
        publish: Called with the name of a report and the ids of the stopped trials of its group.
        cuts: Called with the ids of a report's trials, and its rows; returns those that must end.
        changed: Dumped trials whose settings have changed as they paused, by their ids.
        each_epoch: Whether something else may be decided after each epoch.
    """

    def __init__(
        self,
        decider: Decider[Any],
        stopped: Iterable[str],
        metric: str,
        maximize: bool,
        record: Callable[[DecisionEvent], None],
        *,
        patient: bool = False,
    ) -> None:
        super().__init__()
        self.publish: Callable[[str, list[str]], Any] | None = None
        self._patient = patient
        self._decider = decider
        self._score, self._sign = metric, 1.0 if maximize else -1.0
        self.record = record
        self.stopped = set(stopped)
        self.changed: dict[str, dict[str, Any]] = {}
        self.each_epoch = False
        self.cuts: Callable[[Sequence[str], Sequence[Row]], Collection[str]] = lambda *_: ()

    def decides_at(self, trial: str) -> Collection[int] | None:
        """Epochs after which something is decided on a trial; None if it may be after each."""
        return None if self.each_epoch else self._decider.decides_at(trial)

    def on_trial_result(
        self, tune_controller: Any, trial: TuneTrial, result: dict[str, Any]
    ) -> str:
        """Decides on a report; the trial waits for it where something is decided."""
        for row in result.get("rows", ()):
            value = row.get("metrics", row).get(self._score)
            score = None if value is None else self._sign * value
            self._take(self._decider.decide(row["trial"], row["epoch"], score))
        for end in result.get("ends", ()):
            if "epoch" not in end:  # a program says by itself how it ended
                continue
            self._take(self._decider.forfeit(end["trial"], end["epoch"]))
        running = {t["id"] for t in trial.config["trials"]}
        self._promote_in_place(trial, result)
        going_on = sorted(running - self.stopped - _done(trial, result))
        gone = self.stopped.union(self.cuts(going_on, result.get("rows", ())))
        stop = running <= gone and not self._patient
        if self.publish is not None and "decision" in result:
            self.publish(result["decision"], sorted(running & gone))
        return str(TrialScheduler.STOP if stop else TrialScheduler.CONTINUE)

    def know(self, taken: Iterable[TakenEvent]) -> None:
        """Takes in trials that an earlier sweep has run, with which others are compared."""
        rows = (row for event in taken for row in event["history"] if not self.promotes)
        for row in rows:
            value = row.get(self._score)
            score = None if value is None else self._sign * value
            self._take(self._decider.decide(row["trial"], row["epoch"], score))

    def _promote_in_place(self, trial: TuneTrial, result: Mapping[str, Any]) -> None:
        """Lets trials of a group go on at once if the group's others show them to be the best."""
        if not self._decider.promotes or len(trial.config["trials"]) == 1:
            return
        lengths = {t["id"]: t["config"]["epochs"] for t in trial.config["trials"]}
        at = {row["trial"]: row["epoch"] for row in result.get("rows", ())}
        ended = {end["trial"] for end in result.get("ends", ())}
        here = {t for t, epoch in at.items() if epoch < lengths[t] and t not in ended}
        while self.promote(here) is not None:
            pass

    def promote(self, among: Collection[str], *, last: bool = False) -> str | None:
        """Lets a paused trial go on.

        Args:
            among: Ids of the trials that can.
            last: Whether the sweep ends if none does.

        Returns:
            Its id; None if none is promoted.
        """
        decision = self._decider.promote(among, last=last)
        self._take(decision)
        return None if decision is None else decision.trial

    @property
    def promotes(self) -> bool:
        """Whether trials pause and may go on later."""
        return self._decider.promotes

    def waits(self, trial: str) -> bool:
        """True if a trial has paused, and may go on later."""
        return trial in self._decider.paused

    def why(self, trial: str) -> str | None:
        """Why a trial was stopped, for the user; None if that is not known."""
        reason = self._decider.reason(trial)
        if reason is None:
            return None
        maximize = self._sign > 0
        return reason_text(reason, self._score, maximize=maximize, of_program=self._patient)

    def _take(self, decision: Decided | None) -> None:
        if decision is None:
            return
        self.record(cast(DecisionEvent, self._decider.to_event(decision)))
        if decision.stop:
            self.stopped.add(decision.trial)
        elif self._decider.promotes:
            self.stopped.discard(decision.trial)


def _done(trial: TuneTrial, result: Mapping[str, Any]) -> set[str]:
    """Ids of the trials that end with a report: after their last epoch, or as they say."""
    lengths = {t["id"]: t["config"]["epochs"] for t in trial.config["trials"] if "config" in t}
    rows = result.get("rows", ())
    whole = {r["trial"] for r in rows if r["epoch"] >= lengths.get(r["trial"], math.inf)}
    return whole | {end["trial"] for end in result.get("ends", ())}
