"""How the trials of a group learn which of them the trial scheduler has stopped.

Ray Tune stops one of its own trials as a whole, and `tune.report` returns nothing. So the scheduler
leaves each decision with an actor, where the group asks for it.
"""

import asyncio
from collections.abc import Collection
from typing import Any

import ray

WAITING = 1_000_000
"""Groups that may wait at once; one more, and no decision could reach the actor any longer."""


class Decisions:
    """Keeps decisions until they are asked for. An actor: `start_decisions`."""

    def __init__(self) -> None:
        self._made: dict[str, list[str]] = {}
        self._news = asyncio.Condition()

    async def publish(self, report: str, stopped: list[str]) -> None:
        """Leaves a decision.

        Args:
            report: Name of the report that it answers.
            stopped: Ids of the trials of the group that stop.
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
    """Starts the actor; it ends when its handle is gone."""
    return ray.remote(Decisions).options(num_cpus=0, max_concurrency=WAITING).remote()


def ask(decisions: Any, report: str) -> Collection[str]:
    """The trials that stop after a report: waits until the scheduler has decided."""
    stopped: list[str] = ray.get(decisions.take.remote(report))
    return stopped
