"""Trials in simulated time: workers train recorded curves, and a method says what they do."""

import heapq
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.search.task import Task


class Verdict(Enum):
    """What becomes of a trial after an epoch."""

    GO_ON = "go on"
    STOP = "stop"
    PAUSE = "pause"


@dataclass(frozen=True)
class Work:
    """What a free worker does next.

    Attributes:
        trial: Name of the trial.
        setting: Its setting; None if it was paused and goes on.
    """

    trial: str
    setting: Mapping[str, Any] | None


class Method(ABC):
    """A search with its scheduler, ours or a peer's; made for a task and a seed."""

    @abstractmethod
    def ask(self) -> Work | None:
        """Work for a free worker; None if there is none before more is reported."""

    @abstractmethod
    def report(self, trial: str, epoch: int, value: float) -> Verdict:
        """Takes the metric of a trial after an epoch, from 1, higher is better."""

    @abstractmethod
    def ended(self, trial: str, value: float, full: bool) -> None:
        """Takes the last value of a trial that was stopped, or was trained in full."""


@dataclass
class _Trial:
    row: int
    epoch: int = 0


def simulate(task: Task, method: Method, workers: int, budget: int) -> NDArray[np.float32]:
    """Runs a method until its trials have trained for `budget` epochs in all.

    A suggested setting has the curve of the nearest recorded one that no trial has had yet, as no
    two trials of a real sweep are equal to the bit; when all are used, they are used again. The
    method is not told of the difference, whosever it is.

    Args:
        task: Gives the curves, and how long an epoch takes.
        method: Says what is trained.
        workers: Trials at once.
        budget: Epochs, over all trials.

    Returns:
        Regret after each epoch of any trial: the best value of the table less the best that was
        seen until then (budget,).
    """
    values, used = np.full(budget, -np.inf), np.zeros(len(task.settings), dtype=np.int64)
    trials: dict[str, _Trial] = {}
    running: list[tuple[float, int, str]] = []
    now, started, idle = 0.0, 0, workers
    for done in range(budget):
        while idle:
            work = method.ask()
            if work is None:
                break
            if work.setting is not None:
                row = task.row(work.setting, used)
                trials[work.trial] = _Trial(row)
                used[row] += 1
            started += 1
            _push(running, now, started, work.trial, task, trials)
            idle -= 1
        if not running:
            raise RuntimeError(f"{task.name}: no worker has work after {done} epochs")
        now, order, name = heapq.heappop(running)
        trial = trials[name]
        trial.epoch += 1
        value = values[done] = float(task.curves[trial.row, trial.epoch - 1])
        verdict = method.report(name, trial.epoch, value)
        full = trial.epoch == task.epochs
        if verdict is Verdict.GO_ON and not full:
            _push(running, now, order, name, task, trials)
            continue
        if full or verdict is Verdict.STOP:
            method.ended(name, value, full)
        idle += 1
    seen = np.maximum.accumulate(values)
    return (task.best - seen).astype(np.float32)


def _push(
    running: list[tuple[float, int, str]],
    now: float,
    order: int,
    name: str,
    task: Task,
    trials: Mapping[str, _Trial],
) -> None:
    heapq.heappush(running, (now + float(task.seconds[trials[name].row]), order, name))
