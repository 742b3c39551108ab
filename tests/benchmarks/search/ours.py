"""Our own searches and schedulers, as a sweep uses them, without Ray."""

from collections.abc import Mapping
from typing import Any

from tests.benchmarks.search.simulate import Method, Verdict, Work
from tests.benchmarks.search.task import Task
from tune_mc1.config.program_sweep import ENDLESS, ProgramSweep
from tune_mc1.config.search import AskTell
from tune_mc1.config.sweep import Sweep
from tune_mc1.registry import resolve

METRIC = {"name": "val_acc", "goal": "maximize"}


def sweep_of(
    task: Task,
    seed: int,
    method: str,
    early: Mapping[str, Any] | None = None,
    sampler: str | None = None,
) -> Sweep:
    """The sweep whose trials a task has recorded.

    Args:
        task: The task; one without curves stands for a program that reports once.
        seed: `search_seed`.
        method: Name of the search.
        early: `early_terminate` of the sweep file.
        sampler: Type of its `sampler`; None for the default.
    """
    shared: dict[str, Any] = {"method": method, "metric": METRIC, "search_seed": seed}
    shared["early_terminate"] = early
    if sampler is not None:
        shared["sampler"] = {"type": sampler}
    parameters = {name: dict(spec) for name, spec in task.parameters.items()}
    if task.epochs == 1:
        program = {"parameters": parameters, "directory": "/"}
        return ProgramSweep.model_validate(shared | program)
    longest = {"epochs": {"value": task.epochs}}
    return Sweep.model_validate(shared | {"parameters": parameters | longest})


class Ours(Method):
    """A search of ours with a trial scheduler of ours, or none.

    Args:
        task: The task.
        seed: `search_seed`.
        method: Name of the search.
        early: `early_terminate` of the sweep file.
        sampler: Type of its `sampler`; None for the default.
    """

    def __init__(
        self,
        task: Task,
        seed: int,
        method: str,
        early: Mapping[str, Any] | None = None,
        sampler: str | None = None,
    ) -> None:
        sweep = sweep_of(task, seed, method, early, sampler)
        self._search: AskTell = resolve(sweep.adapter or ENDLESS)(sweep)
        known = sweep.early_terminate
        self._scheduler = None if known is None else known.scheduler(task.epochs)
        self._count = 0

    def ask(self) -> Work | None:
        if self._scheduler is not None and self._scheduler.promotes:
            promoted = self._scheduler.promote()
            if promoted is not None:
                return Work(promoted.trial, None)
        name = f"t{self._count + 1:04d}"
        setting = self._search.ask(name)
        if setting is None:
            return None
        self._count += 1
        return Work(name, setting)

    def report(self, trial: str, epoch: int, value: float) -> Verdict:
        self._search.report(trial, epoch, value)
        if self._scheduler is None:
            return Verdict.GO_ON
        decision = self._scheduler.decide(trial, epoch, value)
        if decision is None or not decision.stop:
            return Verdict.GO_ON
        return Verdict.PAUSE if trial in self._scheduler.paused else Verdict.STOP

    def ended(self, trial: str, value: float, full: bool) -> None:
        self._search.tell(trial, value)
