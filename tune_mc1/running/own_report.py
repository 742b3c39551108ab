"""How trials of the user's own code report to Ray Tune.

Imports neither torch nor Lightning.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from ray import tune

from tune_mc1.running.own_context import OwnContext, metric_key
from tune_mc1.running.steering.signals import Listener, stopped_end


class TrialReport:
    """Passes the rows of a trial to Ray Tune.

    Args:
        trial: Its id.
        context: Settings that the trials of the sweep share.
    """

    def __init__(self, trial: str, context: OwnContext) -> None:
        self.trial, self._context = trial, context
        self._last: dict[str, Any] = {}
        self._listener = Listener(context.signals)
        self._by_request = False

    def is_void(self) -> bool:
        """True if Ray's trial is not to run anything; a trial that is to stop is reported so."""
        if self._listener.is_void(tune.get_context().get_trial_id()):
            return True
        if self.asked_to_stop():
            self.end("stopped", {})
        return self._by_request

    def asked_to_stop(self) -> bool:
        """True if the trial is to stop by request."""
        self._by_request = self._by_request or bool(self._listener.stops([self.trial]))
        return self._by_request

    def tell(self, rows: Sequence[dict[str, Any]], notice: str = "") -> bool:
        """Reports rows; returns whether the trial is to be stopped.

        Args:
            rows: The rows.
            notice: A line for the user, which is said once in a sweep.
        """
        said = {"notice": notice} if notice else {}
        if self._context.decisions is None:
            self._tell(rows, **said)
            return self.asked_to_stop()
        from tune_mc1.running.decisions import asking

        for row in rows:
            name = uuid4().hex
            stopped = asking(self._context.decisions, name)
            self._tell([row], decision=name, **said)
            if self.trial in stopped():
                return True
        return self.asked_to_stop()

    def _tell(self, rows: Sequence[dict[str, Any]], **more: Any) -> None:
        metric = self._context.sweep.metric.name
        if metric:
            self._last = {metric_key(metric): rows[-1]["metrics"].get(metric)}
        tune.report({"rows": rows, "epoch": rows[-1]["epoch"], **self._last, **more})

    def end(self, state: str, last: Mapping[str, float | None], **more: Any) -> None:
        """Reports how the trial ended.

        Args:
            state: One of `tune_mc1.results.schema.STATES`.
            last: What was logged after the last row.
            more: Further fields of the event.
        """
        if self._by_request and state == "stopped":
            more = stopped_end(self.trial)
        end = {"trial": self.trial, "state": state, "last": dict(last), **more}
        tune.report({"rows": [], "ends": [end], **self._last})
