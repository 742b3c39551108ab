"""Optuna by its ask and tell: TPE with its pruners."""

from collections.abc import Callable
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from tests.benchmarks.search.simulate import Method, Verdict, Work
from tests.benchmarks.search.task import Spec, Task

optuna.logging.set_verbosity(optuna.logging.ERROR)

Pruner = Callable[[Task], optuna.pruners.BasePruner]


def distribution(spec: Spec) -> BaseDistribution:
    """A parameter as Optuna takes it."""
    if "values" in spec:
        return CategoricalDistribution(list(spec["values"]))
    if spec.get("distribution") == "int_uniform":
        return IntDistribution(spec["min"], spec["max"])
    return FloatDistribution(spec["min"], spec["max"], log="log" in spec["distribution"])


class Optuna(Method):
    """A study whose trials report every epoch and are pruned where Optuna says so.

    Args:
        task: The task.
        seed: Seed of the sampler, and part of the study's name, which Hyperband draws brackets by.
        sampler: Makes the sampler from a seed.
        pruner: Makes the pruner.
    """

    def __init__(
        self, task: Task, seed: int, sampler: Callable[[int], Any], pruner: Pruner
    ) -> None:
        self._space = {name: distribution(spec) for name, spec in task.parameters.items()}
        self._study = optuna.create_study(
            study_name=f"{task.name}-{seed}",
            direction="maximize",
            sampler=sampler(seed),
            pruner=pruner(task),
        )
        self._trials: dict[str, optuna.trial.Trial] = {}

    def ask(self) -> Work:
        trial = self._study.ask(self._space)
        self._trials[str(trial.number)] = trial
        return Work(str(trial.number), trial.params)

    def report(self, trial: str, epoch: int, value: float) -> Verdict:
        self._trials[trial].report(value, epoch)
        return Verdict.STOP if self._trials[trial].should_prune() else Verdict.GO_ON

    def ended(self, trial: str, value: float, full: bool) -> None:
        if full:
            self._study.tell(self._trials[trial], value)
        else:
            self._study.tell(self._trials[trial], state=optuna.trial.TrialState.PRUNED)


def tpe(seed: int) -> optuna.samplers.BaseSampler:
    """Optuna's default."""
    return optuna.samplers.TPESampler(seed=seed)


def gp(seed: int) -> optuna.samplers.BaseSampler:
    """Optuna's Gaussian process; needs torch."""
    return optuna.samplers.GPSampler(seed=seed)


def hyperband(task: Task) -> optuna.pruners.BasePruner:
    """As in its documentation, with the epochs of a trial."""
    return optuna.pruners.HyperbandPruner(max_resource=task.epochs)


def median(task: Task) -> optuna.pruners.BasePruner:
    """Its defaults."""
    return optuna.pruners.MedianPruner()


def no_pruner(task: Task) -> optuna.pruners.BasePruner:
    """All trials are trained in full."""
    return optuna.pruners.NopPruner()
