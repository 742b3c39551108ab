"""Search by Optuna's TPE, replayable from the journal."""

from collections.abc import Callable, Sequence
from typing import Any

from ray.tune.search import Searcher

from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.errors import InputError
from tune_mc1.results.events import Event, trial_event
from tune_mc1.running.callbacks.driver_only import DriverOnly


class BayesTrials(DriverOnly, Searcher):
    """Makes trials of what Optuna's TPE suggests.

    What it suggests and learns goes into the journal in order; a sweep that goes on replays both,
    so that Optuna knows and suggests what it would have.

    Args:
        space: Ray Tune's search space (`tune_mc1.planning.search_space.ray_space`).
        metric: The sweep's metric.
        maximize: Whether a higher metric is better.
        limit: Number of trials.
        seed: Seed of the sampler.
        record: Called with an event for each new trial before it starts, and each score learnt.

    Raises:
        InputError: If Optuna is not installed.
    """

    def __init__(
        self,
        space: dict[str, Any],
        metric: str,
        maximize: bool,
        limit: int,
        seed: int,
        record: Callable[[Event], None],
    ) -> None:
        super().__init__(metric=metric, mode="max" if maximize else "min")
        try:
            import optuna
            from ray.tune.search.optuna import OptunaSearch

            optuna.logging.set_verbosity(optuna.logging.WARNING)  # else it tells of each study
            self._optuna = OptunaSearch(
                space, metric=metric, mode="max" if maximize else "min", seed=seed
            )
        except (ImportError, AssertionError):
            raise InputError("method: bayes needs Optuna: pip install 'tune_mc1[bayes]'") from None
        self._limit, self._count, self._record = limit, 0, record
        self._again: list[Trial] = []
        self._ids: dict[str, str] = {}
        self._told: set[str] = set()

    def replay(self, events: Sequence[Event], left: Sequence[Trial]) -> None:
        """Takes in what an earlier run suggested and learnt, and runs again what is left of it.

        Args:
            events: Events `trial` and `told`, in order.
            left: Trials that have not ended; they come before any new one.
        """
        self._again = list(reversed(left))
        for event in events:
            if event["event"] == "trial":
                self._count += 1
                self._optuna.suggest(event["trial"])
            elif event["event"] == "told" and event["trial"] not in self._told:
                self._tell(event["trial"], event["value"])

    def suggest(self, trial_id: str) -> Any:
        """The next trial: one that was cut off, or what Optuna suggests."""
        if self._again:
            trial = self._again.pop()
        elif self._count == self._limit:
            return Searcher.FINISHED
        else:
            name = f"t{self._count + 1:04d}"
            settings = self._optuna.suggest(name)
            if not isinstance(settings, dict):
                return settings
            self._count += 1
            trial = Trial(id=name, config=TrialConfig(**settings))
            self._record(trial_event(trial))
        self._ids[trial_id] = trial.id
        return {"trials": [trial.model_dump()]}

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Only the end of a trial teaches."""

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Passes the score of a trial on; one without its metric counts as failed."""
        trial = self._ids[trial_id]
        if trial in self._told:  # it ran longer than it was planned
            return
        value = None if error or result is None else result.get(self.metric)
        self._record({"event": "told", "trial": trial, "value": value})
        self._tell(trial, value)

    def _tell(self, trial: str, value: float | None) -> None:
        self._told.add(trial)
        self._optuna.on_trial_complete(
            trial, None if value is None else {self.metric: value}, value is None
        )
