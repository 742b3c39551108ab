"""Whether a resumed sweep has anything left to run; imports no Ray."""

import math
from collections.abc import Collection

from tune_mc1.config.module_sweep import ModuleSweep
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.sweep import Sweep
from tune_mc1.planning.budget import used_up
from tune_mc1.planning.past import Past
from tune_mc1.planning.plan import Plan
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.growth_events import ENDING, NO_SETTING_LEFT, OUTDATED, TESTED
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
    if plan.directory is None:
        return False
    ended = sum(row["state"] in ENDED for row in past.tables.trials.values())
    over = _is_over(plan, past)
    if not over and (past.waiting or past.remaining(plan.trials)):
        return False
    if not over and plan.sweep.adapter is not None and ended < (plan.sweep.run_cap or math.inf):
        return False
    if isinstance(plan.sweep, ModuleSweep):
        return is_tested(past.tables, past.removed)
    if isinstance(plan.sweep, ProgramSweep):
        return True
    whole = over or ended == len(past.tables.trials)
    return whole and is_scored(plan.sweep, past.tables, where, past.removed)


def _is_over(plan: Plan, past: Past) -> bool:
    """True if a sweep has ended for a reason that still holds: its budget, or its search space."""
    reason = past.tables.metadata.get(ENDING)
    if reason is None or plan.growth.changes or plan.growth.again:
        return False
    last = 0.0  # time since its last event does not count
    return reason == NO_SETTING_LEFT or used_up(plan.sweep.budget, past.spent, last) is not None


def is_scored(
    sweep: Sweep, tables: SweepTables, where: ResultDir, removed: Collection[str]
) -> bool:
    """True if the winner of a complete sweep has its test scores and predictions, or cannot have.

    Those from before it grew are not its own, as a trial may have trained longer since.

    Args:
        sweep: The sweep.
        tables: Its results.
        where: Its result directory.
        removed: Ids of trials whose checkpoints were removed.
    """
    rows = winners(tables)
    lost = _unscorable(rows, tables, removed)
    if lost and len(lost) == len(rows):
        return True
    scored = all(row["test_acc"] is not None for row in rows if row["trial"] not in lost)
    known = sweep.validation == "test" or (scored and OUTDATED not in tables.metadata)
    return known and where.predictions.exists()


def is_tested(tables: SweepTables, removed: Collection[str]) -> bool:
    """True if all trials of the best setting have been tested or cannot be, or there are none."""
    return not untested(tables, removed)


def untested(tables: SweepTables, removed: Collection[str]) -> list[Row]:
    """Trials of the best setting of a module that have not been tested, and can be.

    Args:
        tables: The results.
        removed: Ids of trials whose checkpoints were removed.
    """
    known = {} if OUTDATED in tables.metadata else tables.metadata.get(TESTED, {})
    return [row for row in winners(tables) if row["trial"] not in {*known, *removed}]


def unscorable(tables: SweepTables, removed: Collection[str]) -> list[str]:
    """Trials of the best setting that have no test score, and no checkpoint to get one with.

    A setting whose checkpoints were removed as it was out of the race may be the best again when
    the sweep has grown, as the mean of the other one has changed.

    Args:
        tables: The results.
        removed: Ids of trials whose checkpoints were removed.
    """
    return _unscorable(winners(tables) if removed else (), tables, removed)


def _unscorable(rows: Collection[Row], tables: SweepTables, removed: Collection[str]) -> list[str]:
    """The same of the rows of the best setting's trials."""
    known = {*tables.metadata.get(TESTED, {})}
    lost = (row for row in rows if row["trial"] in removed and row["trial"] not in known)
    return [row["trial"] for row in lost if row.get("test_acc") is None]


def unscorable_line(sweep: Sweep, tables: SweepTables, removed: Collection[str]) -> str | None:
    """The notice on winners that cannot be scored on the test images; None if there are none."""
    tests = not isinstance(sweep, ProgramSweep) or isinstance(sweep, ModuleSweep)
    if not tests or sweep.validation == "test" or not (lost := unscorable(tables, removed)):
        return None
    return (
        f"no test score of {', '.join(lost)}, now the best: keep_checkpoints removed the "
        "checkpoints while another setting was better"
    )
