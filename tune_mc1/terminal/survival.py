"""How many epochs a trial is expected to run still.

A trial may end before its last epoch: the scheduler stops it at a rung, or it diverges. Whether it
goes on at a rung is for `tune_mc1.terminal.chances` to say, and how many diverge follows from those
that have.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise

from tune_mc1.results.schema import Row
from tune_mc1.results.tables import SweepTables
from tune_mc1.terminal.chances import Chances, Settings

STOPPED, BROKE = ("stopped", "paused"), ("diverged", "failed", "dropped")
"""States of trials that ended before their last epoch: by the scheduler, and by themselves."""


class Survival:
    """How long trials go on.

    Args:
        tables: The sweep's tables.
        rungs: How many trials are expected to reach an epoch (`TimeLeft`).
        settings: The settings of its trials.
    """

    def __init__(
        self, tables: SweepTables, rungs: Sequence[Mapping[str, int]], settings: Settings
    ) -> None:
        rows = list(tables.trials.values())
        early = [row for row in rows if row["epochs_run"] < row["epochs"]]
        self._stopped = Counter(r["epochs_run"] for r in early if r["state"] in STOPPED)
        self._broke = Counter(r["epochs_run"] for r in early if r["state"] in BROKE)
        self._reached = Counter(row["epochs_run"] for row in rows if row["state"] != "pending")
        self._expected = expected_ends(rungs)
        self._chances = Chances(tables, rows, self._expected, settings)
        if self._expected:
            settings.know(tables, rows)
        self._rungs = sorted(self._expected)
        self._between = cache(self._run_on)

    def left(self, row: Row) -> float:
        """Epochs that a trial is expected to run still.

        Args:
            row: The trial's row.
        """
        return self._epochs(row["epochs_run"], row["epochs"], row)

    def of_new(self, last: int) -> float:
        """Epochs that a trial whose setting is not known yet is expected to run.

        Args:
            last: Its last epoch.
        """
        return self._epochs(0, last, None)

    def _epochs(self, done: int, last: int, row: Row | None) -> float:
        share, epochs = 1.0, 0.0
        for until in (*(rung for rung in self._rungs if done < rung < last), last):
            more, survives = self._between(done, until)
            epochs += share * more
            share *= survives
            if until in self._expected:
                stops = self._expected[until]
                share *= 1 - stops if row is None else self._chances.goes_on(row, until)
            done = until
        return epochs

    def _run_on(self, done: int, until: int) -> tuple[float, float]:
        """Epochs that a trial is expected to run up to a rung, and its chance to get there."""
        share, epochs = 1.0, 0.0
        for epoch in range(done + 1, until + 1):
            epochs += share
            share *= self._share_after(epoch)
        return epochs, share

    def _share_after(self, epoch: int) -> float:
        """Share of the trials that complete an epoch and neither diverge nor fail after it.

        Where no rung is expected, those that were stopped count too, as by a request.
        """
        arrived = sum(n for at, n in self._reached.items() if at >= epoch)
        if not arrived:
            return 1.0
        stopped = 0 if epoch in self._expected else self._stopped[epoch]
        return (1 - stopped / arrived) * (1 - self._broke[epoch] / arrived)


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
