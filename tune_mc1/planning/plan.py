"""Plans: from a command and a sweep file, with all checks that need neither torch nor Ray."""

import shlex
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tune_mc1.config.idle_parameters import idle_notices
from tune_mc1.config.image_files import ImageFiles
from tune_mc1.config.load import LoadedSweep, load_sweep
from tune_mc1.config.method import resolve_method
from tune_mc1.config.module_sweep import ModuleSweep
from tune_mc1.config.problems import Problem
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.program_trial import AnyTrial
from tune_mc1.config.schedule_fit import schedule_notices
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import Trial
from tune_mc1.data.source import check_data_form, check_data_spec
from tune_mc1.errors import InputError
from tune_mc1.files import shipped, utf8
from tune_mc1.planning.counted import Counted, usual
from tune_mc1.planning.flags import NO_FLAGS, PlanFlags
from tune_mc1.planning.fusion_notices import unfused_notices
from tune_mc1.planning.growth import SAME, Growth
from tune_mc1.planning.known_quantities import permitted
from tune_mc1.planning.limit_notices import limit_notices
from tune_mc1.planning.outside_models import check_networks, places
from tune_mc1.planning.own_losses import check_losses
from tune_mc1.planning.own_networks import usual_images
from tune_mc1.planning.script_sweep import SCRIPTS, load_script
from tune_mc1.planning.search_space import fewer_notice, plan_program_trials, plan_trials
from tune_mc1.programs.command import Command, activated
from tune_mc1.programs.command_check import read_command

if TYPE_CHECKING:
    from tune_mc1.planning.past import Past
    from tune_mc1.planning.warm_start import WarmStart


@dataclass(frozen=True)
class Plan:
    """A sweep that is ready to start.

    Attributes:
        command: The method on the command line.
        sweep: The validated sweep, with its method resolved.
        trials: Its trials in order; for a search that learns, those suggested so far.
        notices: Notices for the user.
        directory: Result directory of a resumed sweep; None for a new one.
        past: Earlier progress of a resumed sweep.
        flags: The flags with which it was made.
        source: The sweep file, for messages.
        counted: Its images, if they were counted.
        growth: How a resumed sweep differs from what it was.
        warm: What a new sweep takes from earlier ones; None without such.
    """

    command: str
    sweep: Sweep
    trials: Sequence[AnyTrial]
    notices: list[str] = field(default_factory=list)
    directory: Path | None = None
    past: "Past | None" = None
    flags: PlanFlags = NO_FLAGS
    source: str = ""
    counted: Counted | None = None
    growth: Growth = SAME
    warm: "WarmStart | None" = None

    @property
    def images(self) -> Counted:
        """Its images: counted, or those that are usual."""
        return self.counted or usual(self.sweep.data, self.sweep.limit_images)

    @property
    def total(self) -> int:
        """Number of trials; 0 if the sweep has no end of its own."""
        return (self.sweep.run_cap or 0) if self.sweep.adapter else len(self.trials)

    @property
    def training_trials(self) -> list[Trial]:
        """Trials of our own training; none if the sweep runs a program."""
        return [trial for trial in self.trials if isinstance(trial, Trial)]


def shipped_file(command: str) -> Path:
    """The default sweep file of a command: `configs/<command>.yaml`.

    Raises:
        InputError: If the command has none.
    """
    if file := shipped(f"{command}.yaml"):
        return file
    raise InputError(f"sweep {command}: needs a sweep file; {command} has no default one")


def prepare(
    command: str | None,
    file: Path | None,
    flags: PlanFlags = NO_FLAGS,
    *,
    change: Callable[[Sweep], Sweep] = lambda sweep: sweep,
    elsewhere: bool = False,
    text: str | None = None,
) -> Plan:
    """Reads a sweep file and checks everything that can be checked before anything starts.

    Args:
        command: The method on the command line; None uses the file's `method`.
        file: A sweep file, or None for the command's default one.
        flags: Flags that override the file.
        change: Applies further changes to the sweep.
        elsewhere: Whether it will run on another machine, whose files cannot be checked here.
        text: Content to read in place of the file's; None reads the file.

    Raises:
        InputError: If the sweep is not valid; with one line per mistake.
    """
    if file is None and flags.values.get("program") is not None:
        raise InputError("--program: requires a sweep file with the program's parameters")
    path = file or shipped_file(command or "grid")
    loaded = _load(path, flags, text)
    flagged = change(flags.apply(loaded.sweep))
    method = command or flagged.method or "grid"
    sweep, notices = resolve_method(flagged, method, source=str(path))
    if isinstance(sweep, ProgramSweep):
        return _program_plan(method, sweep, path, [*loaded.notices, *notices], flags)
    field = "--data" if "data" in flags.values else f"{path}: data"
    source = checked_data(sweep.data, field, elsewhere=elsewhere)
    sweep = sweep.model_copy(update={"data": source, "name": sweep.name or utf8(path.stem)})
    place = places(str(path), flags.overrides)
    sweep = check_networks(sweep, place)
    check_losses(sweep, place)
    planned = plan_trials(sweep, source=str(path))
    trials, left_out = permitted(sweep, planned, str(path))
    sweep, unfused = _fused(sweep, trials, source)
    configs = [trial.config for trial in trials]
    scheduled = [*schedule_notices(configs), *idle_notices(configs)]
    fewer = [*fewer_notice(sweep, planned), *limit_notices(sweep, trials)]
    told = [*loaded.notices, *notices, *fewer, *left_out, *unfused, *scheduled]
    return Plan(method, sweep, trials, told, flags=flags, source=str(path))


def _load(path: Path, flags: PlanFlags, text: str | None) -> LoadedSweep:
    """Reads a sweep file, or a script that calls `wandb.agent`.

    Args:
        path: The file.
        flags: Flags that override it.
        text: Content to read in place of the file's; None reads the file.

    Raises:
        InputError: If it is not valid, or the flags do not fit it.
    """
    program = flags.values.get("program")
    if path.suffix in SCRIPTS:
        if program is not None:
            raise InputError(f"--program: not valid with {path}, which is a program itself")
        return load_script(path, flags.overrides, flags.arguments)
    if flags.arguments:
        raise InputError(
            f"{path}: is a sweep file; only a script that calls wandb.agent takes arguments, "
            f"got {shlex.join(flags.arguments)}"
        )
    try:
        return load_sweep(path, overrides=flags.overrides, program=program, text=text)
    except InputError as error:
        if not _is_of_results(path):
            raise
        from tune_mc1.results.directory import ResultDir
        from tune_mc1.results.written_sweep import lacking

        raise lacking(ResultDir(path.parent), error) from None


def _is_of_results(path: Path) -> bool:
    """True for the sweep file of a result directory."""
    with suppress(OSError):  # nobody but its owner may look there
        return (path.parent / "provenance.json").exists()
    return False


def _fused(
    sweep: Sweep, trials: Sequence[Trial], source: str | ImageFiles
) -> tuple[Sweep, list[str]]:
    """The sweep with its trials alone where they must be, and notices about those that are."""
    several = len(trials) > 1 or sweep.search.learns
    if "latency_ms" in sweep.chosen_metrics and sweep.fuse != "off" and several:
        told = "fuse: all trials are trained alone, as latency_ms is measured on one network"
        return sweep.model_copy(update={"fuse": "off"}), [told]
    return sweep, unfused_notices(trials, sweep.fuse, usual_images(source))


def _program_plan(
    method: str, sweep: ProgramSweep, path: Path, notices: list[str], flags: PlanFlags
) -> Plan:
    """The plan of a program's sweep, whose command line could run, or of a module's."""
    problems = [] if isinstance(sweep, ModuleSweep) else command_of(sweep)[1]
    if problems:
        by_flag = "program" in flags.values
        raise InputError(
            f"--{problem}" if by_flag and problem.path == ("program",) else f"{path}: {problem}"
            for problem in problems
        )
    sweep = sweep.model_copy(update={"name": sweep.name or utf8(path.stem)})
    trials = plan_program_trials(sweep, source=str(path))
    told = [*notices, *fewer_notice(sweep, trials), *limit_notices(sweep, trials)]
    return Plan(method, sweep, trials, told, flags=flags)


def command_of(sweep: ProgramSweep) -> tuple[Command, list[Problem]]:
    """How a program is started, and what keeps it from running."""
    content = {"program": sweep.program, "command": list(sweep.command) if sweep.command else None}
    return read_command(content, Path(sweep.directory), activated())


def checked_data(
    data: str | ImageFiles, field: str, *, elsewhere: bool = False
) -> str | ImageFiles:
    """Returns what names a data set after a quick check that it can be used.

    Args:
        data: The user's input.
        field: Its origin, for messages.
        elsewhere: Whether it will be read on another machine.

    Raises:
        InputError: If it cannot be used.
    """
    problem = check_data_form(data) if elsewhere else check_data_spec(data)
    if problem:
        raise InputError(f"{field}: {problem}")
    return data
