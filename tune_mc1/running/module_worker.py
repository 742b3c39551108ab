"""Process of Ray that trains a user's module, and is ready for the next trial afterwards."""

import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from ray import tune

from tune_mc1.config.module_sweep import workers_of
from tune_mc1.config.program_trial import ProgramTrial
from tune_mc1.config.user_code import directories_here, look_in
from tune_mc1.errors import StorageError
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.store.program_store import ProgramStore, program_files_of
from tune_mc1.running.module_context import ModuleContext
from tune_mc1.running.module_wandb import LoggedRuns, wandb_variables
from tune_mc1.running.own_report import TrialReport
from tune_mc1.training.lightning_private import load_lightning
from tune_mc1.training.trial_log import trial_log


def train_in_tune(config: dict[str, Any], context: ModuleContext) -> None:
    """Ray Tune's trainable: trains one trial, and reports each validation.

    Args:
        config: `{"trials": [...]}`, one dumped `ProgramTrial`.
        context: Settings that the trials of the sweep share.

    Raises:
        TrialError: If the trial failed, and might not if it is tried again.
    """
    if not config["trials"]:
        return
    trial = ProgramTrial.model_validate(config["trials"][0])
    report = TrialReport(trial.id, context)
    if report.is_void():
        return
    load_lightning(whole=True)
    from tune_mc1.modules.fit import SweepError

    try:
        with (
            program_files_of(trial, context.root, context.remote, keep=context.keep) as store,
            trial_log(ResultDir(context.root).log(trial.id)),
        ):
            end = _train(trial, context, report, store)
    except (SweepError, StorageError) as error:
        tune.report({"rows": [], "ends": [], "stop": f"{trial.id}: {error}"})
        return
    report.end(**end)


def _train(
    trial: ProgramTrial, context: ModuleContext, report: TrialReport, store: ProgramStore | None
) -> dict[str, Any]:
    from tune_mc1.modules.checkpoints import NOTICE
    from tune_mc1.modules.fit import fit

    runs = LoggedRuns(trial, context)

    def tell(row: dict[str, Any]) -> bool:
        runs.note()
        if store is not None:
            store.check()
        notice = row.pop(NOTICE, "")
        return report.tell([{**row, "trial": trial.id, "node": platform.node()}], notice)

    with at_home(trial, context), runs:
        attempt = module_trial(trial, context)
        workers = workers_of(context.sweep)
        if workers == 1:
            outcome = fit(attempt, tell)
        else:
            from tune_mc1.running.module_ranks import fit_together

            outcome = fit_together(
                *(trial, context, workers), lambda rank: fit(replace(attempt, rank=rank), tell)
            )
        runs.state = outcome.state
    ResultDir(context.root).forget_previous(trial.id)  # before its files are uploaded
    end: dict[str, Any] = {"state": outcome.state, "last": outcome.last}
    if outcome.error is not None:
        end["error"] = outcome.error
    if outcome.epoch is not None:
        end["epoch"] = outcome.epoch
    return end


def module_trial(trial: ProgramTrial, context: ModuleContext) -> Any:
    """What an attempt at a trial is made of (`tune_mc1.modules.fit.ModuleTrial`)."""
    from tune_mc1.modules.fit import ModuleTrial

    sweep, where = context.module_sweep, ResultDir(context.root)
    return ModuleTrial(
        module=sweep.module,
        datamodule=sweep.datamodule,
        trainer=sweep.trainer,
        values=trial.values,
        folder=where.program_files(trial.id),
        checkpoints=where.checkpoints(trial.id),
        metric=sweep.metric.name,
        maximize=sweep.metric.maximize,
        threads=max(1, int(context.cpus)),
        gpu=context.gpus > 0,
        trust=context.trust,
    )


@contextmanager
def at_home(trial: ProgramTrial, context: ModuleContext) -> Iterator[None]:
    """Working directory, module path and environment of a trial; the latter is put back."""
    if context.here:
        os.chdir(context.directory)
    look_in(directories_here(context.sweep.import_from, context.sent))
    before = dict(os.environ)
    _set_environment(wandb_variables(trial, context, before))
    try:
        yield
    finally:
        _set_environment(before)


def _set_environment(wanted: Mapping[str, str]) -> None:
    """Changes only what differs, as other threads may read the environment."""
    for name in os.environ.keys() - wanted.keys():
        del os.environ[name]
    for name, value in wanted.items():
        if os.environ.get(name) != value:
            os.environ[name] = value
