"""Pareto front of a sweep with several objectives: trials that no other trial beats in all."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tune_mc1.results.columns_of_programs import metric_column
from tune_mc1.results.ranking import BROKEN
from tune_mc1.results.schema import Row
from tune_mc1.results.states import ENDED
from tune_mc1.results.tables import SweepTables


@dataclass(frozen=True)
class Goal:
    """An objective, as the journal records it.

    Attributes:
        name: Its own name.
        column: Column of its final value in `trials.parquet`.
        maximize: Whether a higher value is better.
    """

    name: str
    column: str
    maximize: bool


def goals_of(tables: SweepTables) -> list[Goal]:
    """The objectives of a sweep that has several; empty for one with a single metric."""
    return [
        Goal(
            one["name"],
            f"last_{metric_column(one['name']) if tables.of_program else one['name']}",
            one["goal"] == "maximize",
        )
        for one in tables.metadata.get("objectives", ())
    ]


def front_of(tables: SweepTables, *, ended: bool = False) -> list[Row]:
    """Rows of the trials on the Pareto front, best by the first objective first.

    Values are those after a trial's last epoch. A trial without a value of each is left out, as are
    those that diverged, failed or violate a constraint.

    Args:
        tables: The sweep's tables.
        ended: Whether only trials count that have ended, whose values do not change any more.
    """
    goals = goals_of(tables)
    rows = [
        row
        for row in tables.trials.values()
        if row["state"] not in BROKEN
        and (row["state"] in ENDED or not ended)
        and tables.permits(row)
        and all(_known(row.get(goal.column)) for goal in goals)
    ]
    points = [
        tuple(-row[goal.column] if goal.maximize else row[goal.column] for goal in goals)
        for row in rows
    ]
    kept = [rows[i] for i in non_dominated(points)]
    return sorted(kept, key=lambda row: points[rows.index(row)]) if goals else []


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def non_dominated(points: Sequence[tuple[float, ...]]) -> list[int]:
    """Positions of the points that no other one dominates; lower is better.

    A point dominates another if it is at most as high in all coordinates and lower in one.
    """
    order = sorted(range(len(points)), key=lambda i: points[i])
    front: list[int] = []
    for i in order:  # whatever dominates a point comes before it
        if not any(_dominates(points[j], points[i]) for j in front):
            front.append(i)
    return sorted(front)


def _dominates(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))
