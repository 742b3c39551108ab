"""How the winner does on each class of the test images, from its stored predictions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pyarrow import ArrowException

from tune_mc1.results.directory import ResultDir
from tune_mc1.results.parquet_table import integers, read_parquet


@dataclass(frozen=True)
class ClassRecall:
    """How well the winner finds the images of one class.

    Attributes:
        name: The class.
        images: Its test images, at least 1.
        recall: Share of them that the winner assigns to it, in [0, 1]; the mean over its trials.
        precision: Share of the images that it assigns to the class that are of it, in [0, 1]; None
            if it assigns none.
        f1: Harmonic mean of both, in [0, 1].
        confused: The other class to which most of them go; empty if all are right.
    """

    name: str
    images: int
    recall: float
    precision: float | None
    f1: float
    confused: str


def class_recalls(
    where: ResultDir, classes: Sequence[str], winner: Sequence[str]
) -> list[ClassRecall]:
    """Recall of each class that has test images, lowest first.

    Args:
        where: The result directory.
        classes: Names of the classes.
        winner: Ids of the trials of the best setting.

    Returns:
        Empty without stored predictions of these trials.
    """
    try:
        table = read_parquet(where.predictions, columns=["trial", "label", "predicted"])
    except (ArrowException, OSError, KeyError):
        return []
    trials = set(table["trial"].to_pylist())
    label, predicted = (integers(table, name) for name in ("label", "predicted"))
    if not trials or not trials <= set(winner):
        return []
    count = max(len(classes), int(label.max()) + 1, int(predicted.max()) + 1)
    names = [*classes, *(str(i) for i in range(len(classes), count))]
    matrix = np.bincount(label * count + predicted, minlength=count**2).reshape(count, count)
    found = []
    for index in np.flatnonzero(matrix.sum(axis=1)):
        row = matrix[index]
        others = np.where(np.arange(count) == index, 0, row)
        confused = names[int(others.argmax())] if others.any() else ""
        images, recall = int(row.sum()) // len(trials), float(row[index] / row.sum())
        assigned = int(matrix[:, index].sum())
        precision = float(row[index] / assigned) if assigned else None
        f1 = float(2 * row[index] / (row.sum() + assigned))
        found.append(ClassRecall(names[index], images, recall, precision, f1, confused))
    return sorted(found, key=lambda own: own.recall)
