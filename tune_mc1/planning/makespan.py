"""Duration of tasks that share a number of slots."""

import heapq
from collections.abc import Iterable


def makespan(durations: Iterable[float], slots: int) -> float:
    """Total duration of tasks that are started longest first on a number of slots.

    Args:
        durations: Durations of the tasks.
        slots: Number of tasks that run concurrently, at least 1.
    """
    free = [0.0] * slots
    for duration in sorted(durations, reverse=True):
        heapq.heapreplace(free, free[0] + duration)
    return max(free)
