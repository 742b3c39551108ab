"""How many trials go on after each epoch, and so how many epochs one is expected to run.

A trial may end before its last epoch: the scheduler stops it at a rung, or it diverges. How many go
on at a rung follows from the scheduler's factor, which of them from how they stand
(`tune_mc1.terminal.standing`), and how many diverge from those that have.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from tune_mc1.results.schema import Row

if TYPE_CHECKING:
    from tune_mc1.terminal.standing import Standings

PRIOR = 100.0
"""Number of trials at a rung that count as much as what the rung's factor says. It is large: how
many of the first have gone on says next to nothing of the next, which are compared with them."""

STOPPED, BROKE = ("stopped", "paused"), ("diverged", "failed", "dropped")
"""States of trials that ended before their last epoch: by the scheduler, and by themselves. Those
that pause to exchange their weights go on (`TimeLeft`)."""


class Survival:
    """How many trials go on after each epoch.

    Attributes:
        left: Returns the epochs that a trial with so many of so many is expected to run still, and
            their variance; of a trial whose settings or scores say something, by its id.

    Args:
        rows: Rows of the trials.
        rungs: How many trials are expected to reach an epoch (`TimeLeft`).
        waiting: States of trials that go on.
        standings: Which trials will go on at their rungs; None if nothing says it.
    """

    def __init__(
        self,
        rows: Sequence[Row],
        rungs: Sequence[Mapping[str, int]],
        waiting: Collection[str] = (),
        standings: "Standings | None" = None,
    ) -> None:
        going_on = (row for row in rows if row["state"] not in waiting)
        early = [row for row in going_on if row["epochs_run"] < row["epochs"]]
        self._stopped = Counter(r["epochs_run"] for r in early if r["state"] in STOPPED)
        self._broke = Counter(r["epochs_run"] for r in early if r["state"] in BROKE)
        self._reached = Counter(row["epochs_run"] for row in rows if row["state"] != "pending")
        self._expected = expected_ends(rungs)
        self._standings = standings
        self.left, self._share = cache(self._left), cache(self._share_after)

    def _share_after(self, epoch: int, trial: str | None) -> float:
        """Share of the trials that go on, of those that complete an epoch; or chance of a trial."""
        arrived = sum(n for at, n in self._reached.items() if at >= epoch)
        prior = PRIOR if epoch in self._expected else 0.0
        if trial is not None and prior and self._standings is not None:
            share = self._standings.share(trial, epoch)
        else:
            stopped = self._stopped[epoch] + prior * self._expected.get(epoch, 0.0)
            share = 1 - stopped / ((arrived + prior) or 1.0)
        return share * (1 - self._broke[epoch] / (arrived or 1))

    def _left(self, done: int, last: int, trial: str | None = None) -> tuple[float, float]:
        """Epochs that a trial with `done` of `last` epochs is expected to run still; variance."""
        share, epochs, squares = 1.0, 0.0, 0.0
        for number, epoch in enumerate(range(done + 1, last + 1), 1):
            epochs += share
            squares += (2 * number - 1) * share
            share *= self._share(epoch, trial)
        return epochs, max(squares - epochs**2, 0.0)


def expected_ends(rungs: Sequence[Mapping[str, int]]) -> dict[int, float]:
    """Share of the trials that are expected to end at each rung, over all brackets."""
    brackets: dict[int, list[Mapping[str, int]]] = {}
    for row in rungs:
        brackets.setdefault(row["bracket"], []).append(row)
    ends: Counter[int] = Counter()
    there: Counter[int] = Counter()
    rung_epochs = {row["epoch"] for rows in brackets.values() for row in rows[:-1]}
    for rows in brackets.values():
        for here, after in pairwise(rows):
            ends[here["epoch"]] += here["trials"] - after["trials"]
        for epoch in rung_epochs:
            there[epoch] += next((row["trials"] for row in rows if row["epoch"] >= epoch), 0)
    return {epoch: ends[epoch] / there[epoch] for epoch in rung_epochs if there[epoch]}
