"""Adapter that runs any trial scheduler of a sweep on Ray Tune."""

from collections.abc import Callable, Iterable
from typing import Any, cast

from ray.tune.experiment import Trial as TuneTrial
from ray.tune.schedulers import FIFOScheduler, TrialScheduler

from tune_mc1.config.trial_scheduler import Decided
from tune_mc1.config.trial_scheduler import TrialScheduler as Decider
from tune_mc1.results.events import DecisionEvent
from tune_mc1.results.writer import ResultWriter
from tune_mc1.running.callbacks.driver_only import DriverOnly
from tune_mc1.running.sweep_run import SweepRun


class EarlyStopping(DriverOnly, FIFOScheduler):
    """Passes the rows that trials report to a pure scheduler, and carries out its decisions.

    Ray's own `ASHAScheduler` lets NaN survive and forgets its rungs when restored (ray#11670,
    ray#30838).

    Args:
        decider: Receives scores and decides.
        stopped: Trials that were stopped before the sweep was resumed.
        metric: The sweep's metric.
        maximize: Whether a higher metric is better.
        record: Called with the event of each decision.
        publish: Called with the name of a report and the ids of the stopped trials of its group.
        patient: Whether stopped trials end by themselves, once they are told, as programs do.
    """

    def __init__(
        self,
        decider: Decider[Any],
        stopped: Iterable[str],
        metric: str,
        maximize: bool,
        record: Callable[[DecisionEvent], None],
        publish: Callable[[str, list[str]], Any] | None = None,
        *,
        patient: bool = False,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._publish, self._patient = publish, patient
        self._decider = decider
        self._score, self._sign = metric, 1.0 if maximize else -1.0
        self.record = record
        self.stopped = set(stopped)

    def on_trial_result(
        self, tune_controller: Any, trial: TuneTrial, result: dict[str, Any]
    ) -> str:
        """Decides on a report; the trial waits for the decision."""
        for row in result.get("rows", ()):
            value = row.get("metrics", row).get(self._score)
            score = None if value is None else self._sign * value
            self._take(self._decider.decide(row["trial"], row["epoch"], score))
        for end in result.get("ends", ()):
            if "epoch" not in end:  # a program says by itself how it ended
                continue
            self._take(self._decider.forfeit(end["trial"], end["epoch"]))
        running = {t["id"] for t in trial.config["trials"]}
        stop = running <= self.stopped and not self._patient
        if self._publish is not None and "decision" in result:
            self._publish(result["decision"], sorted(running & self.stopped))
        return str(TrialScheduler.STOP if stop else TrialScheduler.CONTINUE)

    def _take(self, decision: Decided | None) -> None:
        if decision is None:
            return
        self.record(cast(DecisionEvent, self._decider.to_event(decision)))
        if decision.stop:
            self.stopped.add(decision.trial)


def make_scheduler(
    run: SweepRun, writer: ResultWriter, decisions: Any = None
) -> EarlyStopping | None:
    """The scheduler of a sweep that stops trials early, else None.

    Args:
        run: The sweep.
        writer: Records each decision.
        decisions: Actor that groups ask for decisions, if there are groups.
    """
    known = run.past.scheduler(run.sweep)
    if known is None:
        return None
    publish = decisions.publish.remote if decisions is not None else None
    name, patient = run.sweep.metric.name, run.program is not None
    return EarlyStopping(*known, name, run.maximize, writer.write, publish, patient=patient)
