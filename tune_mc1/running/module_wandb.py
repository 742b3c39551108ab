"""W&B runs that the loggers of a user's module open in a process of Ray."""

import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tune_mc1.config.program_trial import ProgramTrial
from tune_mc1.programs.parameters_file import TrialEnvironment, write_parameters
from tune_mc1.programs.run_end import end_run
from tune_mc1.programs.run_files import RunFiles
from tune_mc1.programs.trial_run import TrialRun
from tune_mc1.results.directory import ResultDir
from tune_mc1.running.module_context import ModuleContext
from tune_mc1.tracking.wandb.rows import EXIT_CODES, run_name


def wandb_variables(
    trial: ProgramTrial, context: ModuleContext, base: Mapping[str, str]
) -> Mapping[str, str]:
    """The environment in which a logger of the user's logs to the trial's run.

    Args:
        trial: The trial.
        context: Settings that the trials of the sweep share.
        base: Environment of the process.
    """
    sweep, where = context.module_sweep, ResultDir(context.root)
    if context.mode == "disabled":
        return {**base, "WANDB_MODE": "disabled"}
    varied = {name: sweep.varies(name) for name in trial.values}
    environment = TrialEnvironment(
        folder=where.program_files(trial.id),
        checkpoint_dir=where.checkpoints(trial.id),
        sweep_id=context.id,
        run_id=_run_id(trial, context),
        group=context.group[:128],
        mode=context.mode,
        cpus=context.cpus,
        project=sweep.project,
        entity=sweep.entity,
        name=run_name(trial.id, trial.values, varied).replace("/", "_"),
        notes=sweep.description,
    )
    write_parameters(environment.parameters_file, sweep.arguments(trial.values))
    return environment.variables(base)


def _run_id(trial: ProgramTrial, context: ModuleContext) -> str:
    return f"{context.id}-{trial.id}"


class LoggedRuns:
    """The run of a trial, if its module logs to one: found, and ended as the trial ends.

    Args:
        trial: The trial.
        context: Settings that the trials of the sweep share.

    Attributes:
        state: How the trial has ended.
    """

    def __init__(self, trial: ProgramTrial, context: ModuleContext) -> None:
        self.state = "failed"
        self._used = context.mode != "disabled"
        self._folder = ResultDir(context.root).program_files(trial.id)
        self._trial, self._context = trial, context
        self._file: Path | None = None

    def __enter__(self) -> "LoggedRuns":
        if self._used:
            run_id = _run_id(self._trial, self._context)
            self._files = RunFiles(self._folder, Path.cwd(), run_id)
        return self

    def note(self) -> None:
        """Notes which file the run has, as soon as there is one."""
        if not self._used or self._file is not None:
            return
        for file in self._files.new():
            self._file = file
            TrialRun(self._folder).note_file(file)

    def __exit__(self, *raised: object) -> None:
        """Ends W&B in this process, which would keep the settings of its first run."""
        if (wandb := sys.modules.get("wandb")) is None:
            return
        code = EXIT_CODES.get(self.state, 1)
        if wandb.run is not None:
            wandb.finish(exit_code=code)
        wandb.teardown()
        self.note()
        if self._file is not None:
            with suppress(OSError):  # `wandb sync` does it later
                end_run(self._file, self.state, code)
