"""One trial of a user's program: started, its metrics passed on as they come, its end judged."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tune_mc1.programs.attempts import Attempts
from tune_mc1.programs.command import Command, args_json
from tune_mc1.programs.history import HistoryReader
from tune_mc1.programs.iterations import Iteration, Iterations
from tune_mc1.programs.outcome import Facts, Outcome, judge
from tune_mc1.programs.parameters_file import TrialEnvironment, write_parameters
from tune_mc1.programs.process import GRACE_S, Program
from tune_mc1.programs.report_file import ReportReader
from tune_mc1.programs.run_files import RunFiles
from tune_mc1.programs.trial_run import TrialRun

POLL_S = 0.1
"""Seconds between two looks for new rows."""


@dataclass(frozen=True)
class ProgramTrial:
    """What one attempt at a trial is made of.

    Attributes:
        command: How the program is started.
        parameters: Values by name; those of a nested group are one value, a dict.
        directory: Working directory of the program.
        environment: What it finds in its environment.
        log: File to which its output is appended.
        metric: The sweep's metric; None if it has none.
        grace_s: Seconds between SIGTERM and SIGKILL.
        variables: Environment that the trial's own is added to; None is that of this process.
        gather: Whether a W&B run that the program put elsewhere is copied to the trial's directory.
    """

    command: Command
    parameters: Mapping[str, Any]
    directory: Path
    environment: TrialEnvironment
    log: Path
    metric: str | None = None
    grace_s: float = GRACE_S
    variables: Mapping[str, str] | None = None
    gather: bool = False


Report = Callable[[Sequence[Iteration]], bool]


def begin_program(trial: ProgramTrial) -> Program:
    """Starts a trial's program; `run_program` sees it through.

    Raises:
        OSError: The trial's directory cannot be written, or no process be started.
    """
    where, given = trial.environment, trial.variables
    for folder in (where.folder, where.checkpoint_dir, trial.log.parent):
        folder.mkdir(parents=True, exist_ok=True)
    write_parameters(where.parameters_file, trial.parameters)
    if trial.command.needs_json_file:
        where.json_file.write_text(args_json(trial.parameters), encoding="utf-8")
    variables = where.variables() if given is None else where.variables(given)
    words = trial.command.line(trial.parameters, where.json_file, variables)
    return Program(words, trial.directory, variables, trial.log, trial.grace_s)


def run_program(
    trial: ProgramTrial,
    report: Report,
    asked_to_stop: Callable[[], bool] = lambda: False,
    begun: Program | None = None,
) -> Outcome:
    """Runs a trial's program to its end.

    Args:
        trial: The trial.
        report: Called with new iterations, within half a second of their logs; first with those
            of earlier attempts that the program goes on from. It returns whether the trial is to
            be stopped. If it raises, the program is ended before the exception goes on.
        asked_to_stop: Whether the trial is to be stopped, also while it reports nothing.
        begun: The program if it has been started already, as the trial's first attempt.

    Raises:
        OSError: The trial's directory cannot be written, or no process be started.
    """
    running = _Running(trial, begun=begun is not None)
    with begun or begin_program(trial) as program:
        stopped = False
        while (ending := program.wait(POLL_S)) is None and not stopped:
            stopped = running.pass_on(report, program.supervisor) or asked_to_stop()
        if stopped:
            program.stop()
            while (ending := program.wait(60.0)) is None:
                pass
    assert ending is not None
    stopped = stopped or running.pass_on(report, None)
    if stopped or ending.ok:
        new = running.facts.conclude()
        stopped = stopped or (bool(new) and report(new))
    outcome = judge(running.facts, ending, stopped)
    running.run.end(outcome)
    return outcome


class _Running:
    def __init__(self, trial: ProgramTrial, *, begun: bool) -> None:
        where = trial.environment
        log_begin = trial.log.stat().st_size if trial.log.exists() and not begun else 0
        self.run = TrialRun(where.folder, gather=trial.gather)
        self._files = RunFiles(where.folder, trial.directory, where.run_id, begun=begun)
        self.facts = Facts(trial.metric, Iterations(trial.metric), trial.log, log_begin)
        self._earlier: Attempts | None = None
        if not begun:
            self._earlier = Attempts(
                where.folder,
                where.checkpoint_dir,
                self._files.earlier,
                where.report_file,
                trial.metric,
            )
        self.facts.iterations.sources.append(ReportReader(where.report_file))

    def pass_on(self, report: Report, root: int | None) -> bool:
        """Reports the new iterations; says whether the trial is to be stopped."""
        for file in self._files.new(root):
            self.facts.runs.append(HistoryReader(file))
            self.facts.iterations.sources.append(self.facts.runs[-1])
        new = list(self.facts.iterations.read())
        self.run.note(self.facts)
        if self._earlier is not None and (new or root is None):
            new = self._after_earlier(self._earlier, new)
            self._earlier = None
        return bool(new) and report(new)

    def _after_earlier(self, earlier: Attempts, new: Sequence[Iteration]) -> list[Iteration]:
        """Iterations of earlier attempts and new ones, once it is known how this one goes on."""
        kept = earlier.kept(new[0] if new else None)
        self.facts.iterations.go_on_from(kept)
        return [*kept, *(Iteration(it.number + len(kept), *it[1:]) for it in new)]
