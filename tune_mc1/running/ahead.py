"""Reports to Ray Tune that a trial does not wait for."""

import time
from collections.abc import Sequence
from concurrent.futures import Future, wait
from threading import Thread
from typing import Any

from ray import tune

from tune_mc1.results.schema import Row

PATIENCE_S = 0.02
"""Seconds for which a trial waits for the driver before it goes on with its next epoch."""


class ReportsAhead:
    """Sends reports to Ray Tune beside the training, one at a time.

    Ray Tune answers a report when the driver has recorded it, which takes a round trip: a trial
    that waits for each loses much of its time where the driver is far away. As the next report
    waits for the one before, a trial is never more than an epoch ahead of what is recorded.
    """

    def __init__(self) -> None:
        self._sent: Future[None] | None = None
        self._result: dict[str, Any] = {}
        self._far = False

    @property
    def unsent(self) -> Sequence[Row]:
        """Rows of the report that is under way, of which it is not known whether it arrived."""
        if self._sent is None or self._sent.done():
            return ()
        rows: Sequence[Row] = self._result["rows"]
        return rows

    def send(self, result: dict[str, Any]) -> None:
        """Sends a report, once the one before has arrived.

        Raises:
            SystemExit: If Ray Tune has stopped the trial.
        """
        self.wait()
        self._result, self._sent = result, Future()
        Thread(target=self._send, args=(result, self._sent), daemon=True).start()
        if not self._far:
            wait([self._sent], timeout=PATIENCE_S)

    def wait(self) -> None:
        """Waits until the last report has arrived.

        Raises:
            SystemExit: If Ray Tune has stopped the trial.
        """
        sent, self._sent = self._sent, None
        if sent is not None:
            sent.result()

    def _send(self, result: dict[str, Any], sent: "Future[None]") -> None:
        began = time.monotonic()
        try:
            tune.report(result)
        except BaseException as error:  # Ray Tune ends a trial by SystemExit
            sent.set_exception(error)
            return
        self._far = time.monotonic() - began > PATIENCE_S
        sent.set_result(None)
