"""What a program finds when it starts: a trial's parameters in a file, and its environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from tune_mc1.files import replacing
from tune_mc1.programs.report_file import REPORT

CHECKPOINT_DIR = "TUNE_MC1_CHECKPOINT_DIR"

FLUSH_INTERVAL_S = 0.2
"""Seconds until W&B writes a logged row to the run's file; 15 unless set."""

_KEYS = ("WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE")
_OTHER_RUNS = (
    "WANDB_SWEEP_ID",
    "WANDB_SERVICE",
    "WANDB_RESUME",
    "WANDB_NAME",
    "WANDB_NOTES",
    "WANDB_TAGS",
)
"""Variables that would tie the program to another run, or to W&B's service of this process."""

_NOWHERE = "http://127.0.0.1:9"
"""Address on which nothing listens: a program that asks for W&B's server nevertheless fails."""


@dataclass(frozen=True)
class TrialEnvironment:
    """What the environment of one trial's program says.

    Attributes:
        folder: The trial's own directory below the result directory; W&B's files, the parameters
            and reported metrics go there.
        checkpoint_dir: Directory that outlives the trial's attempts.
        sweep_id: Id of the sweep, one word of letters, digits, `_`, `-` and `.`. Offline only, as
            W&B's server refuses a run of a sweep that it does not have.
        run_id: Id of the trial's run in W&B, likewise.
        group: Group of the run in W&B.
        mode: The sweep's `--wandb`. With `disabled` the program logs offline, for us to read.
        cpus: CPU cores that the trial has.
        project: Project in W&B; the program's own is ignored by W&B in a sweep.
        entity: Team or user in W&B.
        name: Display name of the run, unless the program gives one; `None` for W&B's choice.
        notes: Notes on the run, likewise.
    """

    folder: Path
    checkpoint_dir: Path
    sweep_id: str
    run_id: str
    group: str
    mode: Literal["online", "offline", "disabled"] = "offline"
    cpus: float = 1.0
    project: str | None = None
    entity: str | None = None
    name: str | None = None
    notes: str | None = None

    @property
    def parameters_file(self) -> Path:
        """The file that `wandb.init` reads the parameters from."""
        return self.folder / "parameters.yaml"

    @property
    def json_file(self) -> Path:
        """The file of the macro `${args_json_file}`."""
        return self.folder / "parameters.json"

    @property
    def report_file(self) -> Path:
        """The file that `tune_mc1.report` appends to."""
        return self.folder / "report.jsonl"

    def variables(self, base: Mapping[str, str] = os.environ) -> dict[str, str]:
        """All environment variables of the program.

        Args:
            base: The user's environment. `OMP_NUM_THREADS` and `PYTHONUNBUFFERED` in it are kept.
        """
        dropped = {*_OTHER_RUNS, *(_KEYS if self.mode == "disabled" else ())}
        found = {name: value for name, value in base.items() if name not in dropped}
        threads = {"OMP_NUM_THREADS": str(max(1, int(self.cpus))), "PYTHONUNBUFFERED": "1"}
        where = {"WANDB_PROJECT": self.project, "WANDB_ENTITY": self.entity}
        where |= {"WANDB_NAME": self.name, "WANDB_NOTES": self.notes}
        nowhere = {"WANDB_BASE_URL": _NOWHERE} if self.mode == "disabled" else {}
        return (
            threads
            | found
            | {name: value for name, value in where.items() if value}
            | nowhere
            | {
                **self._sweep,
                "WANDB_SWEEP_PARAM_PATH": str(self.parameters_file),
                "WANDB_RUN_ID": self.run_id,
                "WANDB_RUN_GROUP": self.group,
                "WANDB_JOB_TYPE": "trial",
                "WANDB_DIR": str(self.folder),
                "WANDB_MODE": "online" if self.mode == "online" else "offline",
                "WANDB_X_TRANSACTION_LOG_FLUSH_INTERVAL": str(FLUSH_INTERVAL_S),
                CHECKPOINT_DIR: str(self.checkpoint_dir),
                REPORT: str(self.report_file),
            }
        )

    @property
    def _sweep(self) -> dict[str, str]:
        """What makes W&B take project, entity and run id from here and not from the program."""
        if self.mode == "online":
            return {"WANDB_LAUNCH": "true"}
        return {"WANDB_SWEEP_ID": self.sweep_id}


def write_parameters(path: Path, parameters: Mapping[str, Any]) -> None:
    """Writes a trial's parameters in the form that `wandb.init` reads from.

    Args:
        path: The file; a reader sees it whole or not at all.
        parameters: Values by name; those of a nested group are one value, a dict.
    """
    content: dict[str, Any] = {"wandb_version": 1}
    content |= {name: {"value": value} for name, value in parameters.items()}
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    if "\x85" in text:  # PyYAML would write this one as it is, and read it as a line's end
        text = yaml.safe_dump(content, sort_keys=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as aside:
        aside.write_text(text, encoding="utf-8")
