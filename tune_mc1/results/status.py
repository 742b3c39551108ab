"""Whether a sweep runs, has finished, or was interrupted."""

from typing import TYPE_CHECKING, Literal

from tune_mc1.errors import InputError
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.growth_events import ENDING
from tune_mc1.results.states import ENDED

if TYPE_CHECKING:
    from tune_mc1.results.tables import SweepTables

Status = Literal["running", "finished", "interrupted"]


def status_of(where: ResultDir, tables: "SweepTables", *, alive: bool) -> Status:
    """`running`; `finished` if all trials, or its budget, have ended; else `interrupted`.

    Args:
        where: Its result directory.
        tables: Its tables.
        alive: Whether a process runs it.
    """
    if alive:
        return "running"
    if tables.metadata.get(ENDING):
        return "finished"
    rows = tables.trials.values()
    ended = bool(rows) and all(row["state"] in ENDED for row in rows)
    return "finished" if ended and len(rows) >= planned_trials(where) else "interrupted"


def planned_trials(where: ResultDir) -> int:
    """Trials of a search that learns, which are not known in advance; 0 for any other."""
    from tune_mc1.results.written_sweep import written_sweep

    if not where.sweep_file.exists():
        return 0
    try:
        sweep = written_sweep(where)
    except InputError:  # a package of its own search or model is missing here
        return 0
    return (sweep.run_cap or 0) if sweep.adapter else 0
