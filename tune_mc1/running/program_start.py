"""Start of a sweep of the user's own code: runs in W&B, place of results, how trials run."""

import shlex
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from tune_mc1.config.module_sweep import ModuleSweep, workers_of
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.sweep import Sweep
from tune_mc1.errors import InputError
from tune_mc1.planning.past import Past
from tune_mc1.planning.plan import Plan, command_of
from tune_mc1.programs.command import activated
from tune_mc1.programs.installed import missing_packages
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.store.remote import Remote
from tune_mc1.results.store.scratch_dir import scratch_dir
from tune_mc1.tracking.tracker import Launch, Tracker, check_trackers, set_up_trackers
from tune_mc1.tracking.wandb.mode import Mode, choose_mode

if TYPE_CHECKING:
    from tune_mc1.running.own_context import OwnContext


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
    if isinstance(sweep, ModuleSweep) and not sweep.has_wandb_logger:
        return launches, "disabled"  # the sweep logs for its trials
    used = check_trackers(sweep.tracker, options)  # without W&B nothing is ever sent
    mode = choose_mode(options.get("wandb")) if "wandb" in used else "disabled"
    launches["wandb"] = partial(_program_runs, mode)  # a program's runs are its own
    return launches, mode


def _program_runs(mode: Mode, where: ResultDir, notify: Callable[[str], None]) -> Tracker:
    from tune_mc1.tracking.wandb.program_runs import ProgramRuns

    return ProgramRuns(where, mode, notify)


def cluster_environment(
    sweep: Sweep, parent: Path | Remote, notify: Callable[[str], None]
) -> dict[str, Any] | None:
    """Runtime environment of trials on a cluster, if they need files of the user; None if not.

    Their directory is sent along, unless a job has brought it.

    Args:
        sweep: The sweep.
        parent: Location for results, which is not sent.
        notify: Called with a notice of what is sent.

    Raises:
        InputError: If the directory cannot be sent.
    """
    directory = directory_to_send(sweep)
    if directory is None:
        return None
    from tune_mc1.cluster.sent_files import check_sent, left_out, sent_with_job

    environment: dict[str, Any] = {"env_vars": {"RAY_CHDIR_TO_TRIAL_DIR": "0"}}
    if sent_with_job(directory) is None:
        excludes = left_out(directory, parent if isinstance(parent, Path) else None)
        notify(check_sent(directory, excludes))
        environment |= {"working_dir": str(directory), "excludes": excludes}
    if isinstance(sweep, ProgramSweep) and sweep.requirements:
        environment["pip"] = {"packages": list(sweep.requirements), "pip_check": False}
    return environment


def check_requirements(sweep: Sweep, notify: Callable[[str], None], *, here: bool) -> None:
    """Checks that the packages that a program requires are there, or Ray can install them.

    Args:
        sweep: The sweep.
        notify: Called with each notice for the user.
        here: Whether trials run on this machine; if not, on the cluster that is connected.

    Raises:
        InputError: If they are not.
    """
    if not isinstance(sweep, ProgramSweep) or not sweep.requirements:
        return
    if not here:
        from tune_mc1.cluster.requirements import install_requirements

        install_requirements(sweep.requirements, notify)
        return
    command, environment = command_of(sweep)[0], activated()
    interpreter = command.interpreter
    if isinstance(sweep, ModuleSweep):  # it is imported by this interpreter's processes
        interpreter = sys.executable
    elif "${interpreter}" not in command.words:
        notify(
            "requirements: only Ray on a cluster (--address) installs them; here the environment "
            f"of {command.words[0]} must have them"
        )
        return
    missing = missing_packages(sweep.requirements, interpreter, environment)
    if missing:
        faults = ", ".join(f"{name} ({what})" for name, what in missing.items())
        raise InputError(
            "requirements: must be installed here, as only Ray on a cluster (--address) installs "
            f"them, got {faults}: {shlex.join(['python', '-m', 'pip', 'install', *missing])}"
        )


def directory_to_send(sweep: Sweep) -> Path | None:
    """Directory whose files a cluster's nodes need: a program's, or that of the user's networks.

    Of the directories of networks it is the first one, or the one above it that is another of them.
    """
    if isinstance(sweep, ProgramSweep) and not sweep.import_from:
        return Path(sweep.directory)
    places = [Path(place) for place in sweep.import_from]
    above = [place for place in places if places[0].is_relative_to(place)]
    return min(above, key=lambda place: len(place.parts), default=None)


def own_context(
    plan: Plan,
    where: ResultDir,
    past: Past,
    mode: Mode,
    remote: Remote | None = None,
    *,
    here: bool,
) -> "OwnContext | None":
    """How trials of the user's own code run; None in our own training.

    Args:
        plan: The plan.
        where: The result directory.
        past: History of a resumed sweep, whose runs in W&B keep their ids.
        mode: Mode of W&B.
        remote: The result directory's folder in an object store; None without a store.
        here: Whether trials run on this machine.

    Raises:
        InputError: If several workers could not share a trial's checkpoints.
    """
    sweep = plan.sweep
    if not isinstance(sweep, ProgramSweep):
        return None
    from tune_mc1.cluster.sent_files import sent_with_job

    directory = Path(sweep.directory)
    keep = here or remote is None
    shared: dict[str, Any] = {
        "root": where.root if keep or remote is None else scratch_dir(remote),
        "group": past.tables.metadata.get("group") or where.root.name,
        "sweep": sweep,
        "id": past.tables.metadata.get("id") or uuid4().hex[:8],
        "mode": mode,
        "directory": directory if here else sent_with_job(directory) or Path(),
        "here": here,
        "remote": remote,
        "keep": keep,
    }
    if isinstance(sweep, ModuleSweep):
        from tune_mc1.running.module_context import ModuleContext

        if workers_of(sweep) > 1 and not keep and remote is not None:
            raise InputError(
                "resources.workers: needs results in a directory that all nodes share, got "
                f"{remote.url}"
            )
        trust = bool(plan.flags.values.get("trust_checkpoint"))
        sent = None if here else directory_to_send(sweep)
        return ModuleContext(**shared, trust=trust, sent=str(sent) if sent else None)
    from tune_mc1.running.program_worker import ProgramContext

    return ProgramContext(**shared, command=command_of(sweep)[0])
