"""Predictions of the winner on the test images, as read from its result directory."""

from dataclasses import dataclass

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pyarrow import ArrowException

from tune_mc1.reporting.drawing.context import Context


@dataclass(frozen=True)
class Predictions:
    """The columns of `predictions.parquet` (`tune_mc1.running.winner`)."""

    trial: NDArray[np.object_]
    image: NDArray[np.int64]
    label: NDArray[np.int64]
    predicted: NDArray[np.int64]
    confidence: NDArray[np.float64]

    @property
    def runs(self) -> list[str]:
        """The trials, in the order of the file."""
        return list(dict.fromkeys(self.trial.tolist()))


def read_predictions(context: Context) -> Predictions | None:
    """The winner's predictions; None if there are none or the file cannot be read."""
    path = context.frames.where.predictions
    if not path.exists():
        return None
    try:
        table = pq.read_table(path)
        columns = {n: table[n].to_numpy() for n in Predictions.__dataclass_fields__}
    except (ArrowException, OSError, KeyError):
        return None
    numbers = {n: columns[n].astype(np.int64) for n in ("image", "label", "predicted")}
    confidence = columns["confidence"].astype(float)
    found = Predictions(columns["trial"], confidence=confidence, **numbers)
    return found if len(found.label) else None


def class_names(context: Context, found: Predictions) -> list[str]:
    """The classes' names, or their numbers where a name is missing."""
    names = [str(name) for name in context.frames.facts.get("classes") or ()]
    total = int(max(found.label.max(), found.predicted.max())) + 1
    return names + [str(i) for i in range(len(names), total)]
