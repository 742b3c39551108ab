"""A program's sweep without Ray: real programs that log to W&B, and the journal of their trials."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from tune_mc1.programs.command import Command
from tune_mc1.programs.iterations import Iteration
from tune_mc1.programs.outcome import Outcome
from tune_mc1.programs.parameters_file import TrialEnvironment
from tune_mc1.programs.run_program import ProgramTrial, run_program
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.writer import ResultWriter

TRAIN = """
import os, signal, time, numpy as np, wandb
run = wandb.init(project="of the program", config={"own": 1})
for i in range(run.config.logs):
    picture = {"picture": wandb.Image(np.zeros((2, 2)))} if i == 1 else {}
    run.log({"acc": i / 10, **picture})
time.sleep(0.5)
{end}
"""
"""Logs `logs` rows; what it does then is to be filled in."""


class ProgramSweepPlay:
    """Plays a sweep: runs programs as its worker does, and writes its journal.

    Args:
        parent: Parent of the result directory.
        mode: Mode of W&B.
    """

    def __init__(
        self, parent: Path, mode: Literal["online", "offline", "disabled"] = "offline"
    ) -> None:
        self.where = ResultDir.create(parent, "my sweep")
        self.mode = mode
        self.id = self.where.root.parent.name[-4:] + "1a2b"
        self.user = parent / "user"
        self.user.mkdir(exist_ok=True)
        self.writer = ResultWriter(self.where)
        head = {"name": "my sweep", "description": "why", "project": "digits", "entity": "team"}
        self._write("sweep", **head, metric="acc", maximize=True, format=2, program="train.py",
                    parameters={"logs": "int"}, id=self.id)  # fmt: skip

    def run(
        self,
        trial: str,
        end: str = "",
        code: str = TRAIN,
        state: str | None = None,
        report: Callable[[list[Iteration]], bool] = lambda _: False,
        logs: int = 3,
    ) -> Outcome:
        """Runs an attempt at a trial to its end.

        Args:
            trial: Its id.
            end: What the program does at last.
            code: Its text.
            state: How the sweep records the end; None for what the program did, `running` if the
                sweep was killed before.
            report: Says whether the trial is stopped.
            logs: Number of rows.
        """
        (self.user / "train.py").write_text(code.replace("{end}", end))
        if trial not in self.writer.tables.trials:
            self._write("trial", trial=trial, config={"logs": logs}, config_hash="h", fold=None)
        self._write("start", trial=trial, log=f"logs/{trial}.log")
        seen: list[Iteration] = []

        def note(iterations: Any) -> bool:
            for it in iterations:
                self._write("epoch", trial=trial, epoch=it.number, metrics=it.metrics)
            seen.extend(iterations)
            return report(seen)

        outcome = run_program(self._attempt(trial, logs), note)
        if state != "running":
            self._write("end", trial=trial, state=state or outcome.state, error=outcome.reason)
        return outcome

    def close(self) -> None:
        """The sweep ends."""
        self._write("close")
        self.writer.close()

    def _attempt(self, trial: str, logs: int) -> ProgramTrial:
        environment = TrialEnvironment(
            folder=self.where.program_files(trial),
            checkpoint_dir=self.where.checkpoints(trial),
            sweep_id=self.id,
            run_id=f"{self.id}-{trial}",
            group=self.where.root.name,
            mode=self.mode,
            project="digits",
            entity="team",
            name=f"{trial} logs={logs}",
            notes="why",
        )
        return ProgramTrial(
            command=Command(("${interpreter}", "${program}"), "train.py", sys.executable),
            parameters={"logs": logs},
            directory=self.user,
            environment=environment,
            log=self.where.log(trial),
            metric="acc",
            grace_s=0.5,
            variables=os.environ | {"WANDB_SILENT": "true"},
        )

    def _write(self, kind: str, **fields: Any) -> None:
        event: Any = {"event": kind, **fields}
        self.writer.write(event)
