"""What runs amount to: epochs until the regret is small, regret at a budget, and their ratios."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.search.methods import BOUND, METHODS, OURS
from tests.benchmarks.search.store import Piece, read_runs
from tests.benchmarks.search.task import Task

SMALL = 0.01
"""Regret, in accuracy, that counts as found."""


@dataclass(frozen=True)
class Outcome:
    """All runs of a method on a task.

    Attributes:
        method: Key in `METHODS`.
        regret: Regret after each epoch (seeds, epochs).
        tenth: One tenth of the epochs that training all recorded settings in full takes.
    """

    method: str
    regret: NDArray[np.float32]
    tenth: int

    @property
    def mean(self) -> NDArray[np.float32]:
        """Mean regret over the seeds, after each epoch (epochs,)."""
        return np.asarray(self.regret.mean(axis=0))

    @property
    def found_after(self) -> int | None:
        """Epochs until the mean regret is under `SMALL`; None if it stays above."""
        under = np.flatnonzero(self.mean < SMALL)
        return int(under[0]) + 1 if len(under) else None

    @property
    def at_tenth(self) -> float:
        """Mean regret after `tenth` epochs, or at the end of shorter runs."""
        return float(self.mean[min(self.tenth, self.regret.shape[1]) - 1])

    def interval(self, epochs: Sequence[int]) -> NDArray[np.float64]:
        """Bootstrap interval of 95 % of the mean regret after some epochs (2, epochs)."""
        rng = np.random.default_rng(0)
        runs = self.regret[:, np.asarray(epochs) - 1]
        drawn = rng.integers(len(runs), size=(1000, len(runs)))
        means = runs[drawn].mean(axis=1)
        return np.asarray(np.percentile(means, (2.5, 97.5), axis=0))


def outcomes(task: Task, workers: int, folder: Path) -> dict[str, Outcome]:
    """Outcomes of all methods that have runs, by method."""
    found = {}
    for method in METHODS:
        runs = read_runs(Piece(task.name, method, workers), folder)
        if runs:
            regret = np.stack([runs[seed] for seed in sorted(runs)])
            tenth = task.whole // 10 if task.epochs > 1 else regret.shape[1]
            found[method] = Outcome(method, regret, tenth)
    return found


def ratio(ours: Outcome, other: Outcome) -> float:
    """Our epochs until found over another's; infinite if ours were not enough.

    Where the other did not find it, its whole run stands for its epochs: a lower bound.
    """
    if ours.found_after is None:
        return math.inf
    return ours.found_after / (other.found_after or other.regret.shape[1])


def peers(of: Iterable[str]) -> list[str]:
    """Those of some methods that are other tools'."""
    return [method for method in of if METHODS[method].tool not in (OURS, BOUND)]


def mean_ratio(ratios: Sequence[float]) -> float:
    """Geometric mean."""
    if not ratios or math.inf in ratios:
        return math.inf
    return math.exp(math.fsum(map(math.log, ratios)) / len(ratios))


@dataclass(frozen=True)
class Verdicts:
    """How one of our methods does on some tasks.

    Attributes:
        against: Geometric mean of the ratio to each other method, by method.
        worst: Highest ratio to a task's best peer.
        worst_task: That task, with its workers.
        at_tenth: Mean regret at a tenth, by task and workers.
    """

    against: Mapping[str, float]
    worst: float
    worst_task: str
    at_tenth: Mapping[str, float]

    @property
    def best_peer(self) -> str:
        """The peer that comes closest."""
        return max(peers(self.against), key=lambda method: self.against[method])


def verdicts(ours: str, results: Mapping[str, Mapping[str, Outcome]]) -> Verdicts:
    """Compares one of our methods with all others.

    Args:
        ours: Key in `METHODS`.
        results: Outcomes by method, by task with its workers.
    """
    ratios: dict[str, list[float]] = {}
    worst, worst_task = 0.0, ""
    for name, found in results.items():
        own = {m: ratio(found[ours], other) for m, other in found.items() if m != ours}
        for method, one in own.items():
            ratios.setdefault(method, []).append(one)
        highest = max(own[m] for m in peers(own))
        if highest > worst:
            worst, worst_task = highest, name
    complete = {m: mean_ratio(r) for m, r in ratios.items() if len(r) == len(results)}
    at_tenth = {name: found[ours].at_tenth for name, found in results.items()}
    return Verdicts(complete, worst, worst_task, at_tenth)
