"""A user's program run as a trial, in a directory of its own."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tune_mc1.programs.command import Command
from tune_mc1.programs.iterations import Iteration
from tune_mc1.programs.outcome import Outcome
from tune_mc1.programs.parameters_file import TrialEnvironment
from tune_mc1.programs.run_program import ProgramTrial, run_program


def trial_of(
    folder: Path, code: str, metric: str | None = "acc", **parameters: Any
) -> ProgramTrial:
    """A trial of a program with this text, whose metric is `acc`."""
    user = folder / "user"
    user.mkdir(exist_ok=True)
    (user / "train.py").write_text(code)
    own = folder / "results" / "t0"
    return ProgramTrial(
        command=Command(program="train.py", interpreter=sys.executable),
        parameters=parameters,
        directory=user,
        environment=TrialEnvironment(own, own / "checkpoint", "s", "s-t0", "s", cpus=1),
        log=folder / "results" / "logs" / "t0.log",
        metric=metric,
        grace_s=3.0,
        variables=os.environ | {"WANDB_SILENT": "true"},
    )


def run(
    folder: Path,
    code: str,
    report: Callable[[Iteration], bool] | None = None,
    metric: str | None = "acc",
    **parameters: Any,
) -> tuple[list[Iteration], Outcome]:
    """Runs such a trial; gives what was reported of it, and its outcome."""
    seen: list[Iteration] = []

    def note(iterations: Sequence[Iteration]) -> bool:
        for iteration in iterations:
            seen.append(iteration)
            if report is not None and report(iteration):
                return True
        return False

    outcome = run_program(trial_of(folder, code, metric, **parameters), note)
    log = folder / "results" / "logs" / "t0.log"
    assert "tune_mc1/programs" not in log.read_text()
    return seen, outcome
