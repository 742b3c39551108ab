"""Trials whose checkpoints nothing needs any more."""

from tune_mc1.results.schema import ENDED
from tune_mc1.results.settings import settings_of
from tune_mc1.results.tables import SweepTables


def out_of_race(tables: SweepTables, *, spare_best: bool = True) -> list[str]:
    """Ids of the trials that have ended and cannot win, in the order of their settings.

    A setting is out of the race if all its replicates and folds have ended and another such setting
    is better. Trials that wait at a rung, or were interrupted, have not ended.

    Args:
        tables: The sweep's tables.
        spare_best: Whether the trials of the best setting are left out.
    """
    found: list[str] = []
    best_found = not spare_best
    for setting in settings_of(tables):
        if any(row["state"] not in ENDED for row in setting.rows):
            continue
        if not best_found and setting.score.n:
            best_found = True
            continue
        found += [row["trial"] for row in setting.rows if row["attempts"]]
    return found
