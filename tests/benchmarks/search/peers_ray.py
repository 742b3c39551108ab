"""Ray Tune's own scheduler and searcher objects, called as its controller calls them."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
from ray import tune
from ray.tune.schedulers import ASHAScheduler, TrialScheduler
from ray.tune.search.optuna import OptunaSearch

from tests.benchmarks.search.simulate import Method, Verdict, Work
from tests.benchmarks.search.task import Spec, Task

CONTROLLER: Any = None
"""ASHA does not use Ray Tune's controller."""


def domain(spec: Spec) -> Any:
    """A parameter as Ray Tune takes it."""
    if "values" in spec:
        return tune.choice(list(spec["values"]))
    if spec.get("distribution") == "int_uniform":
        return tune.randint(spec["min"], spec["max"] + 1)
    kind = tune.loguniform if "log" in spec["distribution"] else tune.uniform
    return kind(spec["min"], spec["max"])


class RandomVariants:
    """Ray Tune's sampling of a search space without a searcher.

    Args:
        space: Domains by name.
        seed: Seed of the generator.
    """

    def __init__(self, space: dict[str, Any], seed: int) -> None:
        self._space, self._random = space, np.random.default_rng(seed)

    def suggest(self, trial_id: str) -> dict[str, Any]:
        return {name: one.sample(random_state=self._random) for name, one in self._space.items()}

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Nothing to learn."""

    def on_trial_complete(self, trial_id: str, result: dict[str, Any]) -> None:
        """Nothing to learn."""


def optuna_search(space: dict[str, Any], seed: int) -> Any:
    """`OptunaSearch` with its defaults."""
    converted = OptunaSearch.convert_search_space(space)
    return OptunaSearch(converted, metric="value", mode="max", seed=seed)


class RayAsha(Method):
    """`ASHAScheduler` with its defaults, but for the epochs of a trial.

    Args:
        task: The task.
        seed: Seed of the searcher.
        search: Makes the searcher from a search space and a seed.
    """

    def __init__(self, task: Task, seed: int, search: Callable[[dict[str, Any], int], Any]) -> None:
        space = {name: domain(spec) for name, spec in task.parameters.items()}
        self._search, self._count = search(space, seed), 0
        self._asha = ASHAScheduler(metric="value", mode="max", max_t=task.epochs)
        self._trials: dict[str, Any] = {}

    def ask(self) -> Work:
        self._count += 1
        name = str(self._count)
        self._trials[name] = SimpleNamespace(trial_id=name)
        self._asha.on_trial_add(CONTROLLER, self._trials[name])
        return Work(name, self._search.suggest(name))

    def report(self, trial: str, epoch: int, value: float) -> Verdict:
        result = {"value": value, "training_iteration": epoch}
        decision = self._asha.on_trial_result(CONTROLLER, self._trials[trial], result)
        self._last = result
        if decision == TrialScheduler.STOP:
            return Verdict.STOP
        self._search.on_trial_result(trial, result)
        return Verdict.GO_ON

    def ended(self, trial: str, value: float, full: bool) -> None:
        self._asha.on_trial_complete(CONTROLLER, self._trials[trial], self._last)
        self._search.on_trial_complete(trial, self._last)
