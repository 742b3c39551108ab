"""Check of a module's sweep before it starts: its classes, parameters and checkpoints."""

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from tune_mc1.config.module_sweep import ModuleSweep
from tune_mc1.config.sweep import Sweep
from tune_mc1.errors import InputError, TrialError
from tune_mc1.planning.draws import sample_one
from tune_mc1.planning.plan import Plan
from tune_mc1.planning.resources import TrialResources
from tune_mc1.results.directory import ResultDir
from tune_mc1.training.lightning_private import load_lightning


def checked_plan(plan: Plan, source: Path, *, here: bool = True) -> Plan:
    """A plan of a module, once its classes take all of its parameters, with the notices on it.

    Any other plan is returned as it is. Imports PyTorch and the user's code.

    Args:
        plan: The plan.
        source: The sweep file, for messages.
        here: Whether trials run on this machine.

    Raises:
        InputError: If the sweep cannot run; with one line per mistake.
    """
    sweep = plan.sweep
    if not isinstance(sweep, ModuleSweep):
        return plan
    if find_spec("jsonargparse") is None or find_spec("docstring_parser") is None:
        raise InputError(f"{source}: module: needs jsonargparse: pip install 'tune_mc1[modules]'")
    load_lightning(whole=True)
    from tune_mc1.modules.check import check_module

    settings = [trial.values for trial in plan.trials] or [sample_one(sweep, 0)]
    trust = bool(plan.flags.values.get("trust_checkpoint"))
    problems, notices = check_module(sweep, settings, here=here, trust=trust)
    if problems:
        raise InputError(f"{source}: {problem}" for problem in problems)
    if plan.past is not None and not trust:
        _check_checkpoints(plan)
    return replace(plan, notices=[*plan.notices, *notices])


def check_devices(sweep: Sweep, resources: TrialResources) -> None:
    """Raises InputError if a module's trainer needs a GPU that no trial gets."""
    if isinstance(sweep, ModuleSweep) and not resources.gpu:
        from tune_mc1.modules.devices import gpu_problem

        if (problem := gpu_problem(sweep, 0)) is not None:
            raise InputError(str(problem))


def _check_checkpoints(plan: Plan) -> None:
    """Raises InputError if a trial would go on from a checkpoint that holds more than data."""
    from tune_mc1.modules.checkpoints import check_data_only, last_sound

    assert plan.past is not None
    assert plan.directory is not None
    where = ResultDir(plan.directory)
    for trial in plan.past.remaining(plan.trials):
        checkpoint = last_sound(where.checkpoints(trial.id))
        if checkpoint is None:
            continue
        try:
            check_data_only(checkpoint)
        except TrialError as error:
            raise InputError(str(error)) from None
