"""What a command's word makes of a sweep file: the search, and when trials stop early."""

from typing import Any

from tune_mc1.config.early_terminate import EARLY_TERMINATE
from tune_mc1.config.problems import Problem
from tune_mc1.config.search import words
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.validation import Folds
from tune_mc1.errors import InputError


def resolve_method(sweep: Sweep, command: str, *, source: str = "") -> tuple[Sweep, list[str]]:
    """The sweep that a command runs: the command's word decides, not the file's `method`.

    Args:
        sweep: What the file says.
        command: The word after `sweep`. `asha` is a random search with `early_terminate`.
        source: Name of the file, for messages.

    Returns:
        The sweep with `method` and `early_terminate` settled, and notices for the user.

    Raises:
        InputError: The file has nothing that the command could run.
    """
    word = words()[command]
    notices = []
    if sweep.method not in (None, word.method):
        notices.append(f"method: the file says {sweep.method}; the command says {command}")
    update: dict[str, Any] = {"method": word.method}
    if word.early_terminate is not None and sweep.early_terminate is None:
        early = EARLY_TERMINATE[word.early_terminate["type"]]
        update["early_terminate"] = early.model_validate(word.early_terminate)
        notices.append(word.notice)
    elif word.early_terminate is None and sweep.early_terminate is not None:
        notices.append(f"early_terminate: {command} stops bad trials early, as the file says")
    resolved = sweep.model_copy(update=update)
    problems = _problems(resolved, command)
    if problems:
        raise InputError(f"{source}: {problem}" if source else f"{problem}" for problem in problems)
    return resolved, notices + resolved.search.notices(resolved)


def _problems(sweep: Sweep, command: str) -> list[Problem]:
    search = sweep.search
    found = [sweep.early_problem] if sweep.early_problem else []
    if search.needs_run_cap and sweep.run_cap is None:
        rule = f"is required by {command}: how many settings to try (in the file, or as -n)"
        found.append(Problem(("run_cap",), rule))
    found += search.problems(sweep)
    if search.learns:
        if isinstance(sweep.validation, Folds):
            rule = f"must be a holdout or test for {command}, got folds"
            found.append(Problem(("validation",), rule))
        if sweep.replicates > 1:
            found.append(Problem(("replicates",), f"must be 1 for {command}", sweep.replicates))
    return found
