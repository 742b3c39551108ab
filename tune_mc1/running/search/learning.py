"""Adapter that runs a search that learns as a Ray Tune searcher, replayable from the journal."""

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from ray.tune.search import Searcher

from tune_mc1.config.metrics import epoch_metrics
from tune_mc1.config.problems import problems_of
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.program_trial import AnyTrial, ProgramTrial
from tune_mc1.config.search import AskTell, SpaceUsedUp
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import Trial
from tune_mc1.errors import SweepStopped
from tune_mc1.planning.batches import Batches, alone
from tune_mc1.results.events import Event, trial_event
from tune_mc1.results.schema import ENDED
from tune_mc1.running.search.queue import QueueSearcher, Regroup, Spec, trials_of, without


class LearningTrials(QueueSearcher):
    """Creates trials from the settings that a search suggests.

    The search learns from the journal's events as they are written, and its suggestions and
    observations go there too. A resumed sweep replays all of them in the same order, so that the
    search continues as if never interrupted.

    Args:
        search: Suggests and learns.
        sweep: The sweep; `run_cap` is the number of trials, None for no limit.
        record: Called with an event for each new trial, before it starts, and for each observed
            score.
        batches: How many settings are suggested at once and trained together.

    Attributes:
        batches: As above; it can change.
        used_up: Whether there is no further setting, so that the sweep ends with fewer trials.
    """

    def __init__(
        self,
        search: AskTell,
        sweep: Sweep,
        record: Callable[[Event], None],
        batches: Batches | None = None,
    ) -> None:
        super().__init__()
        self._search, self._sweep, self._name = search, sweep, sweep.method
        self._limit, self._count, self._record = sweep.run_cap, 0, record
        self._groups: list[Sequence[AnyTrial]] = []
        self.batches, self.used_up = batches or alone(), False
        self._live: set[str] = set()
        self._program, self._space = isinstance(sweep, ProgramSweep), sweep.space
        self._last: dict[str, dict[str, float | None]] = {}
        self._states: dict[str, str] = {}
        self._observed: set[str] = set()

    def replay(self, events: Sequence[Event], left: Sequence[Sequence[AnyTrial]]) -> None:
        """Replays the calls of an earlier run, and reruns unfinished trials.

        Args:
            events: Events `trial`, `epoch`, `end` and `told`, in order.
            left: Groups of the trials that have not ended; they run before any new one.
        """
        self._groups = list(left)
        self._count += sum(event["event"] == "trial" for event in events)
        self._observed |= {event["trial"] for event in events if event["event"] == "told"}
        self._search.replay([call for event in events for call in self._calls(event)])
        again = {trial.id for group in left for trial in group}
        for event in events:  # a trial that ended just before an interruption was not told of
            if event["event"] == "end" and event["trial"] not in again:
                self.take(event)

    def take(self, event: Event) -> None:
        """Lets the search learn from an event that was just written."""
        for call in self._calls(event):
            if call["event"] == "epoch":
                self._search.report(call["trial"], call["epoch"], call["value"])
        if event["event"] == "end" and event["state"] in ENDED:
            failed = event["state"] not in ("completed", "stopped")
            last = self._last.get(event["trial"], {})
            self._observe(event["trial"], None if failed else last.get(self._sweep.metric.name))

    def _calls(self, event: Event) -> Iterator[Mapping[str, Any]]:
        """The calls of the search that follow from an event, as `AskTell.replay` takes them."""
        row: Mapping[str, Any] = event
        if event["event"] == "epoch":
            metrics = row.get("metrics", row)
            last = self._last.setdefault(event["trial"], {})
            last |= {name: _finite(metrics.get(name)) for name in self._names(metrics)}
            value = _finite(metrics.get(self._sweep.metric.name))
            yield {"event": "epoch", "trial": event["trial"], "epoch": row["epoch"], "value": value}
        elif event["event"] == "end":
            self._states[event["trial"]] = event["state"]
            self._last.setdefault(event["trial"], {}).update(event.get("last", {}))
        elif event["event"] == "told":
            yield {**event, **self._end(event["trial"])}
        elif event["event"] == "trial":
            yield event

    def _end(self, trial: str) -> dict[str, Any]:
        """The state in which a trial ended, and its final metrics."""
        return {
            "state": self._states.get(trial, "failed"),
            "metrics": {**self._last.get(trial, {})},
        }

    def _names(self, metrics: Mapping[str, float | None]) -> Iterable[str]:
        """Metrics of a report; a program's that are missing keep their last value."""
        if self._program:
            return [name for name, value in metrics.items() if value is not None]
        return [*epoch_metrics(), *self._sweep.chosen_metrics]

    def suggest(self, trial_id: str) -> Any:
        """The next group: unfinished trials, or suggestions of the search; None to ask later.

        Raises:
            SweepStopped: If a suggestion is not a valid setting.
        """
        if not self._groups and len(self._live) < (self.batches.at_once or math.inf):
            self._groups = list(self.batches.group(self._ask()))
        if self._groups:
            self._live.add(trial_id)
            return {"trials": [trial.model_dump() for trial in self._groups.pop(0)]}
        return None if self.has_more() else Searcher.FINISHED

    def has_more(self) -> bool:
        """True if further trials will come."""
        return bool(self._groups) or not self._all_asked

    def add(self, settings: int) -> None:
        """Lets the search suggest further settings."""
        if self._limit is not None:
            self._limit += settings

    def give_back(self, group: Sequence[Spec]) -> None:
        """Takes back a group that has not started."""
        self._groups.insert(0, trials_of(group))

    def take_out(self, trials: Collection[str]) -> None:
        """Removes trials that were suggested and have not started."""
        self._groups = without(self._groups, trials)

    def regroup(self, regroup: Regroup) -> None:
        """Divides trials that were suggested and have not started into groups anew."""
        self._groups = list(regroup([trial for group in self._groups for trial in group]))

    @property
    def _all_asked(self) -> bool:
        """True if no further setting will be suggested."""
        return self.used_up or self._count == self._limit

    def _ask(self) -> list[AnyTrial]:
        """New trials, as many as are suggested at once; none if more results are needed first."""
        left = math.inf if self._limit is None else self._limit - self._count
        trials: list[AnyTrial] = []
        for _ in range(self.batches.size(left, self._search.independent)):
            if self._all_asked:
                break
            name = f"t{self._count + 1:04d}"
            try:
                setting = self._search.ask(name)
            except SpaceUsedUp:
                self.used_up = True
                break
            if setting is None:
                break
            self._count += 1
            trial = self._trial(name, setting)
            self._record(trial_event(trial))
            trials.append(trial)
        return trials

    def _trial(self, trial: str, setting: Mapping[str, Any]) -> AnyTrial:
        """A trial with the parameters that apply to it; not every search leaves out the others."""
        if not self._space.plain:
            setting = self._space.completed(setting)
        if self._program:
            return ProgramTrial(id=trial, values=dict(setting))
        try:
            return Trial(id=trial, config=self._sweep.config(setting))
        except ValidationError as error:
            problem = problems_of(error)[0]
            raise SweepStopped(f"{trial}: method {self._name} suggested {problem}") from None

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Makes room for another group; the search learns from the journal's events."""
        self._live.discard(trial_id)

    def _observe(self, trial: str, value: float | None) -> None:
        if trial in self._observed:  # an extended trial
            return
        self._observed.add(trial)
        self._record({"event": "told", "trial": trial, "value": value})
        self._search.ended(trial, **self._end(trial))
        self._search.tell(trial, value)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
