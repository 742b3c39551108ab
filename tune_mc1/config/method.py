"""What a command's word makes of a sweep file: the method, its number of settings, its rungs."""

import math
from typing import Any, Literal

from tune_mc1.config.distributions import Range
from tune_mc1.config.early_terminate import EarlyTerminate
from tune_mc1.config.parameters import Categorical, Constant, IntUniform, Parameter
from tune_mc1.config.problems import Problem
from tune_mc1.config.sweep import Method, Sweep
from tune_mc1.config.validation import Folds
from tune_mc1.errors import InputError

Command = Literal["grid", "random", "asha", "bayes"]

_METHODS: dict[Command, Method] = {
    "grid": "grid",
    "random": "random",
    "asha": "random",
    "bayes": "bayes",
}


def resolve_method(sweep: Sweep, command: Command, *, source: str = "") -> tuple[Sweep, list[str]]:
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
    method = _METHODS[command]
    notices = []
    if sweep.method not in (None, method):
        notices.append(f"method: the file says {sweep.method}; the command says {command}")
    update: dict[str, Any] = {"method": method}
    if command == "asha" and sweep.early_terminate is None:
        update["early_terminate"] = EarlyTerminate(type="asha", min_iter=1, eta=3)
        notices.append(
            "early_terminate: not in the file, so min_iter 1 (Ray: grace_period) and eta 3 "
            "(Ray: reduction_factor) are taken"
        )
    elif command != "asha" and sweep.early_terminate is not None:
        notices.append(f"early_terminate: {command} stops bad trials early, as the file says")
    resolved = sweep.model_copy(update=update)
    problems = _problems(resolved, command)
    if problems:
        raise InputError(f"{source}: {problem}" if source else f"{problem}" for problem in problems)
    return resolved, notices + (_grid_notices(resolved) if method == "grid" else [])


def _problems(sweep: Sweep, command: Command) -> list[Problem]:
    found = [early_terminate_problem(sweep)] if sweep.early_terminate else []
    if command == "grid":
        found += grid_problems(sweep)
    elif sweep.run_cap is None:
        rule = f"is required by {command}: how many settings to try (in the file, or as -n)"
        found.append(Problem(("run_cap",), rule))
    if command == "bayes":
        found += bayes_problems(sweep)
        if isinstance(sweep.validation, Folds):
            found.append(Problem(("validation",), "must be a holdout or test for bayes, got folds"))
        if sweep.replicates > 1:
            found.append(Problem(("replicates",), "must be 1 for bayes", sweep.replicates))
    return [problem for problem in found if problem]


def early_terminate_problem(sweep: Sweep) -> Problem | None:
    """Why no trial could ever be stopped early, if that is so.

    Args:
        sweep: A sweep with `early_terminate`.
    """
    early, longest = sweep.early_terminate, sweep.longest_epochs
    if early is None or early.rung_epochs(longest):
        return None
    if early.min_iter is not None:
        rule = f"must be less than the epochs of the longest trial ({longest}; Ray: grace_period)"
        return Problem(("early_terminate", "min_iter"), rule, early.min_iter)
    rule = (
        f"leaves no rung: max_iter / eta^k (k = 1 to s) must reach from 1 to below the epochs of "
        f"the longest trial ({longest})"
    )
    return Problem(("early_terminate", "max_iter"), rule, early.max_iter)


def grid_problems(sweep: Sweep) -> list[Problem]:
    """The parameters of which no grid can be made, as in W&B."""
    rule = (
        "a grid needs listed values (value, values, int_uniform or q_uniform); "
        "list them, or use the command `sweep random`"
    )
    return [
        Problem(("parameters", name), rule, parameter.distribution)
        for name, parameter in sweep.parameters.items()
        if parameter.grid_size is None
    ]


def bayes_problems(sweep: Sweep) -> list[Problem]:
    """The parameters that Ray's `OptunaSearch` cannot search (it drops the q of a log_uniform)."""
    rule = (
        "bayes takes value, values, int_uniform, uniform, q_uniform and the log_uniform family "
        "without q"
    )
    found = [
        Problem(("parameters", name), rule, parameter.distribution)
        for name, parameter in sweep.parameters.items()
        if not _known_to_optuna(parameter)
    ]
    if all(isinstance(parameter, Constant) for parameter in sweep.parameters.values()):
        found.append(Problem(("parameters",), "bayes needs at least one that varies"))
    return found


def _known_to_optuna(parameter: Parameter) -> bool:
    if isinstance(parameter, Range):
        return parameter.q is None or parameter.distribution == "q_uniform"
    return isinstance(parameter, Constant | Categorical | IntUniform)


def grid_size(sweep: Sweep) -> int:
    """Number of settings in the whole grid, whatever `run_cap` says."""
    return math.prod(parameter.grid_size or 1 for parameter in sweep.parameters.values())


def _grid_notices(sweep: Sweep) -> list[str]:
    notices = []
    total = grid_size(sweep)
    if sweep.run_cap is not None and sweep.run_cap < total:
        notices.append(f"run_cap: the first {sweep.run_cap} of the grid's {total} settings are run")
    for name, parameter in sweep.parameters.items():
        if isinstance(parameter, Range):
            notices.append(f"parameters.{name}: a grid over q_uniform leaves out max, as in W&B")
    return notices
