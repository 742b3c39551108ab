"""Progress of a trial: its rows, its best value, and what its checkpoints keep of both."""

import math
from dataclasses import dataclass, field
from typing import Any

from lightning.pytorch import Trainer

from tune_mc1.config.metrics import better
from tune_mc1.errors import TrialError, did_you_mean

_MOST_NAMES = 20


@dataclass
class Progress:
    """What is reported of a trial, and goes into its checkpoints.

    Attributes:
        metric: The sweep's metric; empty if it has none.
        maximize: Whether a higher metric is better.
        number: Rows so far.
        best: Best value of the metric.
        row: The last row of an epoch's end.
        validated: Names that validation logs.
        names: All names that were logged.
    """

    metric: str
    maximize: bool
    number: int = 0
    best: float | None = None
    row: dict[str, Any] | None = None
    validated: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)

    def is_due(self, logged: dict[str, float], *, validation: bool) -> bool:
        """Whether a row is due at the end of an epoch.

        Args:
            logged: All that is logged by now.
            validation: Whether a validation has ended since the last row.
        """
        if validation or not self.metric:
            return True
        return self.metric in logged and self.metric not in self.validated

    def take(self, logged: dict[str, float]) -> tuple[dict[str, float | None], bool]:
        """Counts a row.

        Args:
            logged: All scalars that are logged.

        Returns:
            The row's metrics, those that are not finite as None, and whether it is the best.

        Raises:
            TrialError: If the sweep's metric is not among them.
        """
        self.names.update(logged)
        if self.metric and self.metric not in logged:
            raise TrialError(self.missing())
        self.number += 1
        finite = {name: v if math.isfinite(v) else None for name, v in logged.items()}
        value = finite.get(self.metric)
        improved = better(value, self.best, maximize=self.maximize) if self.metric else True
        if improved:
            self.best = value
        return finite, improved

    def missing(self) -> str:
        """Error of a trial whose module never logs the sweep's metric."""
        names = sorted(self.names)
        if not names:
            return f"{self.metric} was never logged: the module logs nothing with self.log"
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        known = ", ".join(names[:_MOST_NAMES]) + more
        return f"{self.metric} was never logged{did_you_mean(self.metric, names)} (logged: {known})"

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps: plain data."""
        return {
            "number": self.number,
            "best": self.best,
            "row": self.row,
            "validated": sorted(self.validated),
            "names": sorted(self.names),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Goes on from a checkpoint's state."""
        self.number, self.best, self.row = state["number"], state["best"], state["row"]
        self.validated, self.names = set(state["validated"]), set(state["names"])


def logged_scalars(trainer: Trainer) -> dict[str, float]:
    """All scalars of `trainer.callback_metrics`."""
    values = trainer.callback_metrics.items()
    return {name: float(value) for name, value in values if value.numel() == 1}
