"""Process of Ray that runs a program's trials: passes on metrics, and stops it where it is told.

Imports neither torch nor Lightning.
"""

import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ray import tune

from tune_mc1.config.program_trial import ProgramTrial
from tune_mc1.errors import StorageError, TrialError
from tune_mc1.programs.command import Command, activated
from tune_mc1.programs.early import take_over
from tune_mc1.programs.iterations import Iteration
from tune_mc1.programs.outcome import Outcome
from tune_mc1.programs.parameters_file import TrialEnvironment
from tune_mc1.programs.run_program import ProgramTrial as Attempt
from tune_mc1.programs.run_program import run_program
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.store.program_store import ProgramStore, program_files_of
from tune_mc1.running.own_context import OwnContext, finite
from tune_mc1.running.own_report import TrialReport
from tune_mc1.tracking.wandb.rows import run_name


@dataclass(frozen=True)
class ProgramContext(OwnContext):
    """Settings that all trials of a program's sweep share.

    Attributes:
        command: How the program is started.
        early: Where a trial asks for its program, which may have begun before Ray did; empty if
            none has.
    """

    command: Command
    early: str = ""

    @property
    def trainable(self) -> Callable[..., None]:
        """Runs a trial."""
        return run_program_in_tune


def run_program_in_tune(config: dict[str, Any], context: ProgramContext) -> None:
    """Ray Tune's trainable: runs one trial's program, and reports each iteration.

    Args:
        config: `{"trials": [...]}`, one dumped `ProgramTrial`.
        context: Settings that the trials of the sweep share.

    Raises:
        TrialError: If the program failed, and might not if it is tried again.
    """
    if not config["trials"]:
        return
    trial = ProgramTrial.model_validate(config["trials"][0])
    report = _Report(trial.id, context)
    begun = take_over(context.early, trial.id) if context.early else None
    if report.is_void():
        if begun is not None:
            with begun:
                return
        return
    try:
        with program_files_of(trial, context.root, context.remote, keep=context.keep) as store:
            report.store = store
            attempt = attempt_at(trial, context)
            outcome = run_program(attempt, report, report.asked_to_stop, begun)
            report.ended = begun.ended if begun is not None else None
    except StorageError as error:
        tune.report({"rows": [], "ends": [], "stop": f"{trial.id}: {error}"})
        return
    report.end(outcome)


def attempt_at(trial: ProgramTrial, context: ProgramContext) -> Attempt:
    """An attempt at a trial of a sweep."""
    sweep, where = context.sweep, ResultDir(context.root)
    varied = {name: sweep.varies(name) for name in trial.values}
    return Attempt(
        command=context.command,
        parameters=sweep.arguments(trial.values),
        directory=context.directory if context.here else Path.cwd() / context.directory,
        environment=TrialEnvironment(
            folder=where.program_files(trial.id),
            checkpoint_dir=where.checkpoints(trial.id),
            sweep_id=context.id,
            run_id=f"{context.id}-{trial.id}",
            group=context.group[:128],
            mode=context.mode,
            cpus=context.cpus,
            project=sweep.project,
            entity=sweep.entity,
            name=run_name(trial.id, trial.values, varied).replace("/", "_"),
            notes=sweep.description,
        ),
        log=where.log(trial.id),
        metric=sweep.metric.name or None,
        variables=activated(),
        gather=not context.here,
    )


class _Report:
    """Passes the iterations of a trial to Ray Tune."""

    def __init__(self, trial: str, context: ProgramContext) -> None:
        self._rows = TrialReport(trial, context)
        self.is_void, self.asked_to_stop = self._rows.is_void, self._rows.asked_to_stop
        self.store: ProgramStore | None = None
        self.ended: float | None = None  # when, if that was before its trial's start
        self._before = 0.0

    def __call__(self, iterations: Sequence[Iteration]) -> bool:
        """Reports iterations; returns whether the trial is to be stopped.

        Raises:
            StorageError: If the object store has been failing for too long.
        """
        if self.store is not None:
            self.store.check()
        return self._rows.tell([self._row(iteration) for iteration in iterations])

    def _row(self, iteration: Iteration) -> dict[str, Any]:
        return {
            "trial": self._rows.trial,
            "epoch": iteration.number,
            "step": iteration.step,
            "seconds": self._seconds(iteration),
            "metrics": finite(iteration.metrics),
            "time": iteration.timestamp or time.time(),
            "node": platform.node(),
        }

    def _seconds(self, iteration: Iteration) -> float | None:
        """Since the iteration before it, or since the program's run began."""
        before, now = self._before, iteration.timestamp
        self._before = now or before
        if iteration.runtime is None or now is None:
            return iteration.runtime
        return max(0.0, min(iteration.runtime, now - before))

    def end(self, outcome: Outcome) -> None:
        """Reports how the trial ended.

        Raises:
            TrialError: If it failed, and might not if it is tried again.
        """
        if outcome.state == "failed" and outcome.may_pass:
            raise TrialError(outcome.reason or "failed")
        more: dict[str, Any] = {"error": outcome.reason} if outcome.state == "failed" else {}
        if self.ended is not None:
            more["time"] = self.ended
        self._rows.end(outcome.state, finite(outcome.last), **more)
