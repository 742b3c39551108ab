"""What no search can beat: trials in the order of their results, which only the table knows."""

import numpy as np

from tests.benchmarks.search.simulate import Method, Verdict, Work
from tests.benchmarks.search.task import Task


class Oracle(Method):
    """Trains the recorded settings in full, the best one first.

    With several workers the others train the next best ones beside it, whose epochs count too.

    Args:
        task: The task.
    """

    def __init__(self, task: Task) -> None:
        self._task = task
        self._order = iter(np.argsort(-task.curves.max(axis=1), kind="stable"))
        self._count = 0

    def ask(self) -> Work | None:
        row = next(self._order, None)
        if row is None:
            return None
        self._count += 1
        return Work(f"t{self._count:04d}", self._task.settings[int(row)])

    def report(self, trial: str, epoch: int, value: float) -> Verdict:
        return Verdict.GO_ON

    def ended(self, trial: str, value: float, full: bool) -> None:
        """Nothing is learnt."""
