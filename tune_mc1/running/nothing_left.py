"""Whether a resumed sweep has anything left to run; imports no Ray."""

import math

from tune_mc1.config.module_sweep import ModuleSweep
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.sweep import Sweep
from tune_mc1.planning.past import Past
from tune_mc1.planning.plan import Plan
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.growth_events import OUTDATED, TESTED
from tune_mc1.results.schema import ENDED, Row
from tune_mc1.results.settings import winners
from tune_mc1.results.tables import SweepTables


def nothing_left(plan: Plan, past: Past, where: ResultDir) -> bool:
    """True if a resumed sweep has no trial to run and no winner to score, so that it needs no Ray.

    Args:
        plan: The plan.
        past: Its progress so far.
        where: Its result directory.
    """
    if plan.directory is None or past.waiting or past.remaining(plan.trials):
        return False
    ended = sum(row["state"] in ENDED for row in past.tables.trials.values())
    if plan.sweep.adapter is not None and ended < (plan.sweep.run_cap or math.inf):
        return False
    if isinstance(plan.sweep, ModuleSweep):
        return is_tested(past.tables)
    if isinstance(plan.sweep, ProgramSweep):
        return True
    return ended == len(past.tables.trials) and is_scored(plan.sweep, past.tables, where)


def is_scored(sweep: Sweep, tables: SweepTables, where: ResultDir) -> bool:
    """True if the winner of a complete sweep has its test scores and predictions.

    Those from before it grew are not its own, as a trial may have trained longer since.
    """
    scored = all(row["test_acc"] is not None for row in winners(tables))
    known = sweep.validation == "test" or (scored and OUTDATED not in tables.metadata)
    return known and where.predictions.exists()


def is_tested(tables: SweepTables) -> bool:
    """True if all trials of the best setting have been tested, or there are none."""
    return not untested(tables)


def untested(tables: SweepTables) -> list[Row]:
    """Trials of the best setting of a module that have not been tested."""
    known = {} if OUTDATED in tables.metadata else tables.metadata.get(TESTED, {})
    return [row for row in winners(tables) if row["trial"] not in known]
