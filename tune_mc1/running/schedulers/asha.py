"""How Ray Tune starts and stops the trials of a sweep."""

from collections.abc import Callable
from typing import Any

from ray.tune.experiment import Trial as TuneTrial
from ray.tune.schedulers import FIFOScheduler, TrialScheduler

from tune_mc1.planning.rungs import RungEntry, Rungs, rung_event
from tune_mc1.results.writer import ResultWriter
from tune_mc1.running.callbacks.driver_only import DriverOnly
from tune_mc1.running.sweep_run import SweepRun


class AshaScheduler(DriverOnly, FIFOScheduler):
    """ASHA over the rows that trials report, by the pure `Rungs`.

    Ray's own `ASHAScheduler` lets NaN survive and forgets its rungs when it is restored (ray#11670,
    ray#30838).

    Args:
        rungs: Takes scores and decides.
        metric: The sweep's metric.
        maximize: Whether a higher metric is better.
        record: Called with each entry at a rung.
        publish: Called with the name of a group's report and those of its trials that stop.
    """

    def __init__(
        self,
        rungs: Rungs,
        metric: str,
        maximize: bool,
        record: Callable[[RungEntry], None],
        publish: Callable[[str, list[str]], Any] | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._publish = publish
        self.rungs = rungs
        self._score, self._sign = metric, 1.0 if maximize else -1.0
        self.record = record
        self.stopped: set[str] = set()

    def on_trial_result(
        self, tune_controller: Any, trial: TuneTrial, result: dict[str, Any]
    ) -> str:
        """Decides on a report; the trial waits for the answer."""
        for row in result.get("rows", ()):
            value = row.get(self._score)
            score = None if value is None else self._sign * value
            self._take(self.rungs.decide(row["trial"], row["epoch"], score))
        for end in result.get("ends", ()):
            self._take(self.rungs.forfeit(end["trial"], end["epoch"]))
        running = {t["id"] for t in trial.config["trials"]}
        stop = running <= self.stopped
        if self._publish is not None and "decision" in result:
            self._publish(result["decision"], sorted(running & self.stopped))
        return str(TrialScheduler.STOP if stop else TrialScheduler.CONTINUE)

    def _take(self, entry: RungEntry | None) -> None:
        if entry is None:
            return
        self.record(entry)
        if entry.stop:
            self.stopped.add(entry.trial)


def make_scheduler(
    run: SweepRun, writer: ResultWriter, decisions: Any = None
) -> AshaScheduler | None:
    """ASHA where the sweep stops trials early, else None.

    Args:
        run: The sweep.
        writer: Takes each entry at a rung.
        decisions: Where groups ask for decisions, if there are groups.
    """
    early = run.sweep.early_terminate
    if early is None:
        return None
    longest = run.sweep.longest_epochs
    rungs = Rungs([early.rung_epochs(longest, b) for b in range(early.brackets)], early.eta)
    rungs.restore(run.past.entries)
    scheduler = AshaScheduler(
        rungs,
        run.sweep.metric.name,
        run.maximize,
        lambda entry: writer.write(rung_event(entry)),
        decisions.publish.remote if decisions is not None else None,
    )
    scheduler.stopped.update(entry.trial for entry in run.past.entries if entry.stop)
    return scheduler
