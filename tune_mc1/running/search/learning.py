"""Adapter that runs a search that learns as a Ray Tune searcher, replayable from the journal."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from ray.tune.search import Searcher

from tune_mc1.config.problems import problems_of
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.program_trial import AnyTrial, ProgramTrial
from tune_mc1.config.search import AskTell, SpaceUsedUp
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import Trial
from tune_mc1.errors import SweepStopped
from tune_mc1.results.events import Event, trial_event
from tune_mc1.running.callbacks.driver_only import DriverOnly
from tune_mc1.running.own_context import metric_key


class LearningTrials(DriverOnly, Searcher):
    """Creates trials from the settings that a search suggests.

    Its suggestions and observations go into the journal in order; a resumed sweep replays both, so
    that the search continues as if never interrupted.

    Args:
        search: Suggests and learns.
        sweep: The sweep; `run_cap` is the number of trials, None for no limit.
        record: Called with an event for each new trial, before it starts, and for each observed
            score.

    Attributes:
        used_up: Whether there is no further setting, so that the sweep ends with fewer trials.
    """

    def __init__(self, search: AskTell, sweep: Sweep, record: Callable[[Event], None]) -> None:
        metric = sweep.metric
        program = isinstance(sweep, ProgramSweep)
        key = metric_key(metric.name) if program else metric.name
        super().__init__(metric=key, mode="max" if metric.goal == "maximize" else "min")
        self._search, self._sweep, self._name = search, sweep, sweep.method
        self._limit, self._count, self._record = sweep.run_cap, 0, record
        self.used_up = False
        self._again: list[AnyTrial] = []
        self._program = program
        self._ids: dict[str, str] = {}
        self._observed: set[str] = set()

    def replay(
        self,
        events: Sequence[Event],
        left: Sequence[AnyTrial],
        ended: Mapping[str, float | None] | None = None,
    ) -> None:
        """Replays the suggestions and observations of an earlier run, and reruns unfinished trials.

        Args:
            events: Events `trial` and `told`, in order.
            left: Trials that have not ended; they run before any new one.
            ended: Values of the other trials. A trial that ended just before an interruption has
                no event `told` yet.
        """
        self._again = list(reversed(left))
        self._search.replay(events)
        self._count += sum(event["event"] == "trial" for event in events)
        self._observed |= {event["trial"] for event in events if event["event"] == "told"}
        for trial, value in (ended or {}).items():
            self._observe(trial, value)

    def suggest(self, trial_id: str) -> Any:
        """The next trial: an unfinished one, or a suggestion of the search.

        Raises:
            SweepStopped: If the suggestion is not a valid setting.
        """
        if self._again:
            trial = self._again.pop()
        elif self._count == self._limit:
            return Searcher.FINISHED
        else:
            name = f"t{self._count + 1:04d}"
            try:
                setting = self._search.ask(name)
            except SpaceUsedUp:
                self.used_up = True
                return Searcher.FINISHED
            if setting is None:
                return None
            self._count += 1
            trial = self._trial(name, setting)
            self._record(trial_event(trial))
        self._ids[trial_id] = trial.id
        return {"trials": [trial.model_dump()]}

    def _trial(self, trial: str, setting: Mapping[str, Any]) -> AnyTrial:
        if self._program:
            return ProgramTrial(id=trial, values=dict(setting))
        try:
            return Trial(id=trial, config=self._sweep.config(setting))
        except ValidationError as error:
            problem = problems_of(error)[0]
            raise SweepStopped(f"{trial}: method {self._name} suggested {problem}") from None

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Ignored: the search learns from ended trials only."""

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Passes on the score of a trial; one without the metric counts as failed."""
        value = None if error or result is None else result.get(self.metric)
        self._observe(self._ids[trial_id], value)

    def _observe(self, trial: str, value: float | None) -> None:
        if trial in self._observed:  # an extended trial
            return
        self._record({"event": "told", "trial": trial, "value": value})
        self._observed.add(trial)
        self._search.tell(trial, value)
