"""Syne Tune's scheduler objects, called as its tuner calls them."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
from syne_tune.backend.trial_status import Trial
from syne_tune.config_space import choice, loguniform, randint, uniform
from syne_tune.optimizer.baselines import ASHA, ASHABORE, ASHACQR, BOHB, BORE, CQR, REA
from syne_tune.optimizer.baselines import TPE as SYNE_TPE
from syne_tune.optimizer.scheduler import SchedulerDecision

from tests.benchmarks.search.simulate import Method, Verdict, Work
from tests.benchmarks.search.task import Spec, Task

logging.getLogger("syne_tune").setLevel(logging.ERROR)

EARLY = {"asha": ASHA, "bohb": BOHB, "ashabore": ASHABORE, "ashacqr": ASHACQR}
FULL = {"tpe": SYNE_TPE, "bore": BORE, "cqr": CQR, "rea": REA}


def domain(spec: Spec) -> Any:
    """A parameter as Syne Tune takes it."""
    if "values" in spec:
        return choice(list(spec["values"]))
    if spec.get("distribution") == "int_uniform":
        return randint(spec["min"], spec["max"])
    kind = loguniform if "log" in spec["distribution"] else uniform
    return kind(spec["min"], spec["max"])


class SyneTune(Method):
    """One of its schedulers with its defaults, but for the epochs of a trial.

    Args:
        task: The task.
        seed: Seed of the scheduler. Syne Tune draws some numbers from numpy's global generator
            too, which is seeded as well.
        name: `asha`, `bohb`, `ashabore` or `ashacqr`; `tpe`, `bore`, `cqr` or `rea`, which train
            in full.
    """

    def __init__(self, task: Task, seed: int, name: str) -> None:
        np.random.seed(seed)
        space = {key: domain(spec) for key, spec in task.parameters.items()}
        made: Callable[..., Any] = EARLY.get(name) or FULL[name]
        shared = {"do_minimize": False, "random_seed": seed, "metric": "value"}
        if name in EARLY:
            shared |= {"time_attr": "epoch", "max_t": task.epochs}
        self._scheduler = made(space, **shared)
        self._trials: dict[str, Trial] = {}
        self._full = name in FULL

    def ask(self) -> Work | None:
        suggestion = self._scheduler.suggest()
        if suggestion is None:
            return None
        name = str(len(self._trials))
        trial = Trial(len(self._trials), suggestion.config, datetime.min)
        self._trials[name] = trial
        self._scheduler.on_trial_add(trial)
        return Work(name, suggestion.config)

    def report(self, trial: str, epoch: int, value: float) -> Verdict:
        self._last = {"value": value, "epoch": epoch}
        decision = self._scheduler.on_trial_result(self._trials[trial], self._last)
        return Verdict.STOP if decision == SchedulerDecision.STOP else Verdict.GO_ON

    def ended(self, trial: str, value: float, full: bool) -> None:
        if full or self._full:
            self._scheduler.on_trial_complete(self._trials[trial], self._last)
        else:
            self._scheduler.on_trial_remove(self._trials[trial])
