"""Which reports a trial waits for: those on which the sweep's scheduler may decide."""

from collections.abc import Collection, Mapping, Sequence

from tune_mc1.results.schema import Row

DECIDED = "decided"
"""Key of what Ray Tune's trials carry, beside `trials`: a `Decided`."""

Decided = Mapping[str, Collection[int] | None]
"""By the ids of trials, epochs after which something is decided; None if it may be after each."""


class Awaited:
    """Says which reports of a trial or group are waited for.

    Args:
        decided: Of its trials; one that is not there waits for each report.
    """

    def __init__(self, decided: Decided) -> None:
        self._decided, self._first = decided, True

    def __call__(self, rows: Sequence[Row], ends: Sequence[Row]) -> bool:
        """True if something may be decided on a report.

        That is so at a rung, and where a trial fails. Trials that go on from a checkpoint wait with
        their first report, so that the driver knows of every rung behind them.
        """
        late = self._first and any(row["epoch"] > 1 for row in rows)
        self._first = self._first and not rows
        for row in (*rows, *ends):
            at = self._decided.get(row["trial"])
            whole = late or row.get("state") is not None
            if at is None or (at and (whole or row["epoch"] in at)):
                return True
        return False
