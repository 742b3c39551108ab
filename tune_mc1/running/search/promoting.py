"""Searcher that lets paused trials go on before it starts new ones."""

from collections.abc import Collection, Sequence
from typing import Any

from ray.tune.search import Searcher

from tune_mc1.config.program_trial import AnyTrial
from tune_mc1.config.trial import Trial
from tune_mc1.results.exchanges import goes_on_after
from tune_mc1.results.tables import SweepTables
from tune_mc1.running.schedulers.early_stopping import EarlyStopping
from tune_mc1.running.search.queue import QueueSearcher, Regroup, Spec


class PromotingTrials(QueueSearcher):
    """Hands out promoted trials as trials of Ray's own, which go on from our checkpoints.

    So a trial that paused may go on in any process, on any node, and in another group; its
    resources are free while it waits. Ray Tune asks for the next trial as soon as the one before it
    starts: what it gets was decided by then.

    Args:
        search: Gives the new trials.
        scheduler: Decides which paused trial goes on.
        trials: Trials of the plan, or those that an earlier run suggested.
        tables: The sweep's tables, which say which trials pause.
        limit: Maximum number of Ray's trials that run or wait for resources at a time.
        regroup: Groups promoted trials; None for a sweep whose trials are all alone.
    """

    def __init__(
        self,
        search: QueueSearcher,
        scheduler: EarlyStopping,
        trials: Sequence[AnyTrial],
        tables: SweepTables,
        *,
        limit: int,
        regroup: Regroup | None = None,
    ) -> None:
        super().__init__()
        self.inner, self._scheduler, self._tables = search, scheduler, tables
        self._specs = {trial.id: trial.model_dump() for trial in trials}
        self._limit, self._regroup = limit, regroup
        self._ready: list[list[dict[str, Any]]] = []
        self._live: set[str] = set()
        self._new: set[str] = set()
        self._all_new = False

    @property
    def next_size(self) -> int:
        """Number of trials in the next group, as far as it is known."""
        return len(self._ready[0]) if self._ready else getattr(self.inner, "next_size", 1)

    def suggest(self, trial_id: str) -> Any:
        """The next group: promoted trials, else new ones; None if it depends on those that run."""
        if len(self._live) >= self._limit:
            return None
        group = self._next_promoted()
        if group is None:
            found: Any = self.inner.suggest(trial_id)
            self._all_new = found == Searcher.FINISHED
            if not self._all_new and found:
                group = found["trials"]
                self._new.add(trial_id)
        if group is None and not self._live:
            group = self._next_promoted(last=True)
        if group is None:
            return Searcher.FINISHED if self._all_new and not self._live else None
        self._specs |= {spec["id"]: spec for spec in group}
        self._live.add(trial_id)
        return {"trials": group}

    def _next_promoted(self, *, last: bool = False) -> list[dict[str, Any]] | None:
        """The next group of promoted trials; None if there is none."""
        if self._ready:
            return self._ready.pop(0)
        rows = self._tables.trials
        among = {t for t, row in rows.items() if row["state"] == "paused"}
        first = self._scheduler.promote(among, last=last) if among else None
        if first is None:
            return None
        promoted = [first]
        self._specs |= self._scheduler.changed
        if self._regroup is not None:
            epoch = goes_on_after(rows[first])
            paused = (
                t for t, row in rows.items() if row["state"] == "paused"
            )  # also replaced ones
            alike = {t for t in paused if goes_on_after(rows[t]) == epoch}
            while (other := self._scheduler.promote(alike)) is not None:
                promoted.append(other)
            self._ready = self._grouped(promoted, self._regroup)
            return self._ready.pop(0)
        return [self._specs[first]]

    def _grouped(self, trials: Sequence[str], regroup: Regroup) -> list[list[Spec]]:
        groups = regroup([Trial.model_validate(self._specs[trial]) for trial in trials])
        return [[self._specs[trial.id] for trial in group] for group in groups]

    def regroup(self, regroup: Regroup) -> None:
        """Divides trials that are promoted or new into groups anew, from now on in this way."""
        if self._regroup is not None:
            ready = [spec["id"] for group in self._ready for spec in group]
            self._regroup, self._ready = regroup, self._grouped(ready, regroup)
        self.inner.regroup(regroup)

    def give_back(self, group: Sequence[Spec]) -> None:
        """Takes back a group that has not started, or was not taken up again."""
        if all(self._tables.trials[spec["id"]]["state"] == "paused" for spec in group):
            self._ready.insert(0, list(group))
        else:
            self.inner.give_back(group)

    def take_out(self, trials: Collection[str]) -> None:
        """Removes trials that are promoted or new, and have not started."""
        kept = [[spec for spec in group if spec["id"] not in trials] for group in self._ready]
        self._ready = [group for group in kept if group]
        self.inner.take_out(trials)

    def has_more(self) -> bool:
        """True if new trials will come."""
        return self.inner.has_more()

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """One of Ray's trials has ended, with all of ours that it ran."""
        self._live.discard(trial_id)
        if trial_id in self._new:
            self.inner.on_trial_complete(trial_id, result, error)
