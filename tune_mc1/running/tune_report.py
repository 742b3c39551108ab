"""Reports of a trial or group of our own training to Ray Tune."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ray import tune

from tune_mc1.results.schema import Row
from tune_mc1.results.store.trial_store import TrialStore
from tune_mc1.running.ahead import ReportsAhead
from tune_mc1.running.awaited import Awaited, Decided
from tune_mc1.running.steering.signals import Listener, stopped_end

if TYPE_CHECKING:
    from tune_mc1.running.worker import SweepContext


class TuneReport:
    """Reports to Ray Tune, and remembers which trials have ended.

    Where nothing is decided on a report, training goes on while it is under way, and if it is the
    last one, which `finish` sends, it ends Ray's trial.

    Args:
        lengths: Number of epochs of each trial of the group, by its id.
        context: Settings that the trials of the sweep share.
        listener: Hears of trials that are to stop by request.
        store: Uploads the files of a report before it is sent; None for a shared directory.
        decided: Epochs after which the scheduler decides on the trials.
    """

    def __init__(
        self,
        lengths: Mapping[str, int],
        context: "SweepContext",
        listener: Listener,
        store: TrialStore | None = None,
        decided: Decided | None = None,
    ) -> None:
        self.size, self.context, self.store = len(lengths), context, store
        self._lengths, self._listener = lengths, listener
        self.ended: set[str] = set()
        self._complete: set[str] = set()
        self._ahead = ReportsAhead()
        self._awaited = Awaited(dict.fromkeys(lengths, ()) if context.ahead else decided or {})
        self._last: dict[str, Any] | None = None

    @property
    def unsent(self) -> Sequence[Row]:
        """Rows of which it is not known whether they are recorded; those in a store are."""
        return () if self.store is not None else self._ahead.unsent

    def begin(self) -> None:
        """Ends trials that were asked to stop while no process ran them."""
        if asked := self._asked():
            self([], [stopped_end(trial) for trial in asked])

    def finish(self) -> None:
        """Waits until all that was reported is recorded.

        Raises:
            SystemExit: If Ray Tune has stopped the trial.
        """
        self._ahead.wait()
        if self._last is not None:
            last, self._last = self._last, None
            tune.report({**last, "done": True})

    def _asked(self) -> list[str]:
        """Trials that are to stop by request now."""
        return self._listener.stops([trial for trial in self._lengths if trial not in self.ended])

    def saved(self, trials: Sequence[str]) -> None:
        """Uploads checkpoints within an epoch that the trials have just written.

        Raises:
            StorageError: If the store fails.
        """
        if self.store is not None:
            self.store.send_partial(trials)

    def __call__(self, rows: Sequence[Row], ends: Sequence[Row] = ()) -> Collection[str]:
        """Reports, and returns the ids of the trials that are to stop."""
        if self.store is not None:
            rows = self.store.send(rows)
            self.store.forget_partial(e["trial"] for e in ends if e["state"] != "failed")
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
        self._complete |= {r["trial"] for r in rows if r["epoch"] >= self._lengths[r["trial"]]}
        if not self._awaited(rows, ends):
            self._send(result)
            return asked
        self._flush()
        self._ahead.wait()
        if self.size == 1 or self.context.decisions is None:
            tune.report(result)
            return asked
        return [*self._decided(result), *asked]

    def _flush(self) -> None:
        """Sends the report that was to be the last one, as another one follows."""
        last, self._last = self._last, None
        if last is not None:
            self._ahead.send(last)

    def _send(self, result: dict[str, Any]) -> None:
        """Sends a report without waiting for it; the last one is kept for `finish`."""
        self._flush()
        if self._lengths.keys() <= self._complete | self.ended:
            self._ahead.wait()
            self._last = result
        else:
            self._ahead.send(result)

    def _decided(self, result: dict[str, Any]) -> Collection[str]:
        """Reports for a group, and returns which of its trials the scheduler has stopped."""
        from tune_mc1.running.decisions import asking

        name = uuid4().hex
        decision = asking(self.context.decisions, name)
        tune.report({**result, "decision": name})
        stopped = decision()
        self.ended.update(stopped)
        if self.store is not None:
            self.store.release(stopped)
        return stopped
