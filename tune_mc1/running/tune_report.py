"""Reports of a trial or group of our own training to Ray Tune."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ray import tune

from tune_mc1.results.schema import Row
from tune_mc1.results.store.trial_store import TrialStore
from tune_mc1.running.steering.signals import Listener, stopped_end

if TYPE_CHECKING:
    from tune_mc1.running.worker import SweepContext


class TuneReport:
    """Reports to Ray Tune, and remembers which trials have ended.

    Args:
        trials: Ids of the trials in the group.
        context: Settings that the trials of the sweep share.
        listener: Hears of trials that are to stop by request.
        store: Uploads the files of a report before it is sent; None for a shared directory.
    """

    def __init__(
        self,
        trials: Sequence[str],
        context: "SweepContext",
        listener: Listener,
        store: TrialStore | None = None,
    ) -> None:
        self.size, self.context, self.store = len(trials), context, store
        self._trials, self._listener = trials, listener
        self.ended: set[str] = set()

    def begin(self) -> None:
        """Ends trials that were asked to stop while no process ran them."""
        if asked := self._asked():
            self([], [stopped_end(trial) for trial in asked])

    def _asked(self) -> list[str]:
        """Trials that are to stop by request now."""
        return self._listener.stops([trial for trial in self._trials if trial not in self.ended])

    def __call__(self, rows: Sequence[Row], ends: Sequence[Row] = ()) -> Collection[str]:
        """Reports, and returns the ids of the trials that are to stop."""
        if self.store is not None:
            rows = self.store.send(rows)
        self.ended |= {end["trial"] for end in ends}
        asked = self._asked() if rows else []  # those that run have just been saved
        self.ended.update(asked)
        ends = [*ends, *map(stopped_end, asked)]
        result: dict[str, Any] = {"rows": list(rows), "ends": list(ends)}
        if self.size == 1 and rows:  # for a searcher that learns
            result |= {
                "epoch": rows[-1]["epoch"],
                self.context.metric: rows[-1][self.context.metric],
            }
        if self.size == 1 or self.context.decisions is None:
            tune.report(result)
            return asked
        from tune_mc1.running.decisions import ask

        name = uuid4().hex
        tune.report({**result, "decision": name})
        stopped = ask(self.context.decisions, name)
        self.ended.update(stopped)
        if self.store is not None:
            self.store.release(stopped)
        return [*stopped, *asked]
