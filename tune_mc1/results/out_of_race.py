"""Trials whose checkpoints nothing needs any more."""

from tune_mc1.results.pareto import front_of
from tune_mc1.results.schema import ENDED
from tune_mc1.results.settings import settings_of
from tune_mc1.results.tables import SweepTables


def out_of_race(tables: SweepTables, *, spare_best: bool = True) -> list[str]:
    """Ids of the trials that have ended and cannot win, in the order of their settings.

    A setting is out of the race if all its replicates and folds have ended and another such setting
    is better. Trials that wait at a rung, or were interrupted, have not ended. With several
    objectives, a trial stays in the race as long as no other one that has ended beats it in all. A
    trial that failed goes on from its checkpoint when the sweep is resumed, so it stays in too.

    Args:
        tables: The sweep's tables.
        spare_best: Whether the trials of the best setting, and of the Pareto front, are left out.
    """
    front = {row["trial"] for row in front_of(tables, ended=True)} if spare_best else set[str]()
    found: list[str] = []
    best_found = not spare_best
    for setting in settings_of(tables):
        if any(row["state"] not in ENDED for row in setting.rows):
            continue
        if not best_found and setting.score.n:
            best_found = True
            continue
        rows = (row for row in setting.rows if row["attempts"] and row["state"] != "failed")
        found += [row["trial"] for row in rows if row["trial"] not in front]
    return found
