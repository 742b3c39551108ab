"""Search method and early termination of a sweep, resolved from the command and the file."""

from typing import Any

from tune_mc1.config.commands import COMMANDS, SweepCommand, sweep_commands
from tune_mc1.config.early_terminate import EARLY_TERMINATE, EarlyTerminate
from tune_mc1.config.problems import Problem
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.validation import Folds
from tune_mc1.errors import InputError


def search_name(method: str | None, early: str | None) -> str:
    """How a sweep searches, in words: a command's name, or method and early termination.

    Args:
        method: Name of the search; None is `random`.
        early: Type of `early_terminate`; None without.
    """
    method = method or "random"
    for name, command in COMMANDS.items():
        default = command.early_terminate
        if command.method == method and default is not None and default["type"] == early:
            return name
    return method if early is None else f"{method} with {early}"


def resolve_method(sweep: Sweep, command: str, *, source: str = "") -> tuple[Sweep, list[str]]:
    """Resolves the sweep that a command runs: the command takes precedence over the file's method.

    Args:
        sweep: The sweep in the file.
        command: The method on the command line; `asha` is a random search with `early_terminate`.
        source: Name of the file, for messages.

    Returns:
        The sweep with `method` and `early_terminate` settled, and notices for the user.

    Raises:
        InputError: If the command cannot run the file's sweep.
    """
    chosen = sweep_commands()[command]
    notices = []
    if sweep.method not in (None, chosen.method):
        notices.append(f"method: the file's {sweep.method} is overridden by the command {command}")
    update: dict[str, Any] = {"method": chosen.method}
    own = _own_rule(chosen, sweep)
    if own is not None:
        update["early_terminate"] = own
        notices.append(chosen.notice.format(first=_first_rungs(own)))
    elif chosen.method == command and sweep.early_terminate is not None:
        notices.append(
            f"early_terminate: {command} {sweep.early_terminate.does}, as set in the file"
        )
    resolved = sweep.model_copy(update=update)
    rule = resolved.early_terminate
    if rule is not None and (notice := rule.notice(resolved)):
        notices.append(notice)
    if sweep.sampler is not None and not resolved.search.takes_sampler:
        notices.append(f"sampler: {sweep.sampler.type} is for bayes and not used by {command}")
    problems = _problems(resolved, command)
    if problems:
        raise InputError(f"{source}: {problem}" if source else f"{problem}" for problem in problems)
    if isinstance(resolved, ProgramSweep) and resolved.adapter and resolved.run_cap is None:
        notices.append("run_cap: not given, so the sweep goes on until Ctrl-C; -n limits it")
    return resolved, notices + resolved.search.notices(resolved)


def _own_rule(chosen: SweepCommand, sweep: Sweep) -> EarlyTerminate | None:
    """The command's early termination, for a sweep without one that it fits."""
    if chosen.early_terminate is None or sweep.early_terminate is not None:
        return None
    kind = EARLY_TERMINATE[chosen.early_terminate["type"]]
    if not chosen.first_rung:
        return kind.model_validate(chosen.early_terminate)
    left_out = "early_terminate" in sweep.model_fields_set
    if left_out or isinstance(sweep, ProgramSweep) or len(sweep.objectives) > 1:
        return None
    first = max(1, sweep.longest_epochs // chosen.first_rung)
    rungs = {"min_iter": first}
    if chosen.screening and first >= chosen.screening:
        rungs["screen_iter"] = first // chosen.screening
    early = kind.model_validate({**chosen.early_terminate, **rungs})
    return None if early.problem(sweep.longest_epochs) or early.unfit(sweep) else early


def _first_rungs(early: EarlyTerminate) -> str:
    """The first rungs of early termination by default, for a notice."""
    found = [(name, getattr(early, name, None)) for name in ("screen_iter", "min_iter")]
    return ", ".join(f"{name} {epoch}" for name, epoch in found if epoch is not None)


def _problems(sweep: Sweep, command: str) -> list[Problem]:
    search = sweep.search
    early = sweep.early_terminate
    of_early = [sweep.early_problem, early.unfit(sweep) if early is not None else None]
    found = [problem for problem in of_early if problem is not None]
    of_program = isinstance(sweep, ProgramSweep)
    if search.needs_run_cap and sweep.run_cap is None and not of_program:
        rule = f"is required by {command}: the number of settings to try (in the file, or as -n)"
        found.append(Problem(("run_cap",), rule))
    if sweep.candidates and search.name != "grid":
        found.append(Problem(("candidates",), f"is for a grid, which {command} is not"))
    if sweep.budget is not None and sweep.budget.min_gain is not None:
        if not search.sampled:
            rule = f"is for a search that draws settings (random, asha, bayes), not for {command}"
            found.append(Problem(("budget", "min_gain"), rule))
        elif not sweep.metric.name:
            found.append(Problem(("metric",), "is required by budget.min_gain"))
    found += search.problems(sweep)
    if isinstance(sweep, ProgramSweep) and search.learns and not sweep.metric.name:
        found.append(Problem(("metric",), f"is required by {command}, which learns from it"))
    if search.learns:
        if isinstance(sweep.validation, Folds):
            rule = f"must be a holdout or test for {command}, got folds"
            found.append(Problem(("validation",), rule))
        if sweep.replicates > 1:
            found.append(Problem(("replicates",), f"must be 1 for {command}", sweep.replicates))
    return found
