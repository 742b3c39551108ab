"""Actor that tells a group which of its trials the trial scheduler has stopped.

Ray Tune can only stop one of its own trials as a whole, and `tune.report` returns nothing. So the
scheduler publishes each decision to an actor, which the group asks.
"""

import asyncio
from collections.abc import Callable, Collection
from typing import Any

import ray

WAITING = 1_000_000
"""Maximum number of waiting groups; with more, no decision could reach the actor."""


class Decisions:
    """Keeps decisions until a group takes them; started as an actor by `start_decisions`."""

    def __init__(self) -> None:
        self._made: dict[str, list[str]] = {}
        self._news = asyncio.Condition()

    async def publish(self, report: str, stopped: list[str]) -> None:
        """Publishes a decision.

        Args:
            report: Name of the group's report.
            stopped: Ids of the group's trials that stop.
        """
        async with self._news:
            self._made[report] = stopped
            self._news.notify_all()

    async def take(self, report: str) -> list[str]:
        """Waits for the decision on a report."""
        async with self._news:
            await self._news.wait_for(lambda: report in self._made)
            return self._made.pop(report)


def start_decisions() -> Any:
    """Starts the actor, which ends when its handle goes out of scope."""
    return ray.remote(Decisions).options(num_cpus=0, max_concurrency=WAITING).remote()


def asking(decisions: Any, report: str) -> Callable[[], Collection[str]]:
    """Asks for the scheduler's decision on a report that is about to be made.

    The question is on its way while the report is, so that both cost one round trip.

    Returns:
        A function that waits for the decision, and returns the ids of the trials that stop.
    """
    answer = decisions.take.remote(report)

    def wait() -> Collection[str]:
        stopped: list[str] = ray.get(answer)
        return stopped

    return wait
