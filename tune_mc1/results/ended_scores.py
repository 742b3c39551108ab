"""Scores of the settings of a sweep that have ended, in the order in which they did."""

import statistics

from tune_mc1.results.ranking import is_broken
from tune_mc1.results.schema import ENDED, Row
from tune_mc1.results.tables import SweepTables


def ended_scores(tables: SweepTables, settings: int | None) -> tuple[list[float | None], int]:
    """Scores of settings whose trials have all ended; higher is better.

    Args:
        tables: The results.
        settings: Number of settings of the sweep; None if it has no end of its own.

    Returns:
        The mean score of each setting, None where none of its trials has one or all of those
        diverged or failed; and the number of settings that are left. Without an end, as many as
        there were are left.
    """
    rows: dict[str, list[Row]] = {}
    for row in tables.trials.values():
        if row["state"] != "dropped":
            rows.setdefault(row["config_hash"], []).append(row)
    done = [group for group in rows.values() if all(row["state"] in ENDED for row in group)]
    done.sort(key=lambda group: max(row["ended"] or 0.0 for row in group))
    sign = 1 if tables.maximize else -1
    scores: list[float | None] = []
    for group in done:
        known = [(r["state"], score) for r in group if (score := tables.score(r)) is not None]
        counts = known and not is_broken(state for state, _ in known)
        scores.append(sign * statistics.fmean(score for _, score in known) if counts else None)
    return scores, len(scores) if settings is None else max(0, settings - len(scores))
