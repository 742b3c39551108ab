"""Start of a program's sweep: its runs in W&B, the place of its results, and how trials run."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.sweep import Sweep
from tune_mc1.errors import InputError
from tune_mc1.planning.past import Past
from tune_mc1.planning.plan import command_of
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.store.remote import Remote
from tune_mc1.tracking.tracker import Launch, Tracker, check_trackers, set_up_trackers
from tune_mc1.tracking.wandb.mode import Mode, choose_mode

if TYPE_CHECKING:
    from tune_mc1.running.program_worker import ProgramContext


def set_up(sweep: Sweep, options: Mapping[str, str | None]) -> tuple[dict[str, Launch], Mode]:
    """Sets up the trackers of a sweep, and the mode of W&B in a program.

    Args:
        sweep: The sweep.
        options: Values of the trackers' own flags, by tracker name.

    Raises:
        InputError: If a tracker is unknown, or cannot be used.
    """
    launches = set_up_trackers(sweep.tracker, options)
    if not isinstance(sweep, ProgramSweep):
        return launches, "disabled"
    used = check_trackers(sweep.tracker, options)  # without W&B nothing is ever sent
    mode = choose_mode(options.get("wandb")) if "wandb" in used else "disabled"
    launches["wandb"] = partial(_program_runs, mode)  # a program's runs are its own
    return launches, mode


def _program_runs(mode: Mode, where: ResultDir, notify: Callable[[str], None]) -> Tracker:
    from tune_mc1.tracking.wandb.program_runs import ProgramRuns

    return ProgramRuns(where, mode, notify)


def check_program_place(sweep: Sweep, parent: Path | Remote, field: str) -> None:
    """Raises InputError if the results of a program would go to an object store."""
    if isinstance(sweep, ProgramSweep) and isinstance(parent, Remote):
        raise InputError(f"{field}: must be a directory for a program's sweep, got {parent.url}")


def directory_to_send(sweep: Sweep) -> Path | None:
    """Directory whose files a cluster's nodes need: a program's, or that of the user's networks.

    Of the directories of networks it is the first one, or the one above it that is another of them.
    """
    if isinstance(sweep, ProgramSweep):
        return Path(sweep.directory)
    places = [Path(place) for place in sweep.import_from]
    above = [place for place in places if places[0].is_relative_to(place)]
    return min(above, key=lambda place: len(place.parts), default=None)


def program_context(
    sweep: Sweep, where: ResultDir, past: Past, mode: Mode, *, here: bool
) -> "ProgramContext | None":
    """How a program's trials run; None in our own training.

    Args:
        sweep: The sweep.
        where: The result directory.
        past: History of a resumed sweep, whose runs in W&B keep their ids.
        mode: Mode of W&B.
        here: Whether trials run on this machine.
    """
    if not isinstance(sweep, ProgramSweep):
        return None
    from tune_mc1.running.program_worker import ProgramContext

    run_ids = past.tables.metadata.get("id") or uuid4().hex[:8]
    return ProgramContext(where.root, sweep, command_of(sweep)[0], run_ids, mode, here=here)
