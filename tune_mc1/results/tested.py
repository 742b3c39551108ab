"""Test scores of a sweep that goes on: they stay until the next winner is scored."""

from typing import TYPE_CHECKING

from tune_mc1.results.growth_events import OUTDATED, TESTED

if TYPE_CHECKING:
    from tune_mc1.results.tables import SweepTables


def outdate_tests(tables: "SweepTables") -> None:
    """Remembers whose test scores are older than what the sweep does from now on.

    Another trial may win, and one that trains longer may have a better checkpoint. Until that is
    known, the scores are what was measured last.
    """
    rows, own = tables.trials.items(), tables.metadata.get(TESTED, {})
    scored = [t for t, row in rows if any(row.get(n) is not None for n in tables.columns.tests)]
    if found := dict.fromkeys((*tables.metadata.get(OUTDATED, ()), *scored, *own)):
        tables.metadata[OUTDATED] = list(found)


def forget_outdated(tables: "SweepTables") -> None:
    """Removes the scores of earlier winners, as a new one is scored."""
    if OUTDATED not in tables.metadata:
        return
    for trial in tables.metadata.pop(OUTDATED):
        tables.trials[trial].update(dict.fromkeys(tables.columns.tests))
    tables.metadata.pop(TESTED, None)
