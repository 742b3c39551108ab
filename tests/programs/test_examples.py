"""The example programs train for real, and reach what their sweep files look for."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.program_trials import trial_of
from tune_mc1.programs.command_check import read_command
from tune_mc1.programs.iterations import Iteration
from tune_mc1.programs.outcome import Outcome
from tune_mc1.programs.run_program import ProgramTrial, run_program
from tune_mc1.programs.script import read_script

EXAMPLES = Path(__file__).parents[2] / "configs" / "programs"
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
VARIABLES = {**os.environ, "WANDB_SILENT": "true", "PATH": PATH}


def run(trial: ProgramTrial) -> tuple[list[Iteration], Outcome]:
    seen: list[Iteration] = []

    def note(iterations: Sequence[Iteration]) -> bool:
        seen.extend(iterations)
        return False

    return seen, run_program(replace(trial, variables=VARIABLES), note)


SETTINGS: dict[str, Mapping[str, Any]] = {
    "argparse_train": {"learning-rate": 0.03, "hidden": 64, "nesterov": True, "seed": 0},
    "nested_config": {
        "epochs": 4,
        "batch_size": 16,
        "model": {"channels": 8, "dropout": 0.0, "activation": "ReLU"},
        "optimizer": {"name": "Adam", "lr": 0.003},
    },
    "lightning_train": {"lr": 0.01, "width": 64, "batch_size": 32, "max_epochs": 4},
}
REACHED = {
    "argparse_train": ("val_accuracy", 0.95, 1.0),
    "nested_config": ("val/acc", 0.93, 1.0),
    "lightning_train": ("val_loss", 0.0, 0.3),
}


@pytest.mark.parametrize("name", list(SETTINGS))
def test_a_program_with_a_sweep_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    content = yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text())
    assert set(SETTINGS[name]) <= set(content["parameters"])
    metric, least, most = REACHED[name]
    assert content["metric"]["name"] == metric
    user = tmp_path / "user"
    user.mkdir()
    (user / content["program"]).write_bytes((EXAMPLES / content["program"]).read_bytes())
    command, problems = read_command(content, user, VARIABLES)
    assert not problems
    trial = replace(trial_of(tmp_path, "", metric), command=command, parameters=SETTINGS[name])
    seen, outcome = run(trial)
    assert outcome.reason is None
    assert len(seen) == SETTINGS[name].get("epochs", SETTINGS[name].get("max_epochs", 15))
    assert least <= seen[-1].metrics[metric] <= most
    losses = {"argparse_train": "train_loss", "nested_config": "train/loss"}
    assert losses.get(name, "train_loss") in seen[-1].metrics


def test_a_script_with_its_own_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "user").mkdir()
    monkeypatch.chdir(tmp_path / "user")
    found = read_script(EXAMPLES / "agent_script.py", tmp_path / "results", (), VARIABLES)
    assert (found.config["method"], found.count, found.config["project"]) == ("random", 6, "digits")
    assert found.command is not None
    parameters = {"alpha": 1e-4, "loss": "log_loss", "average": True}
    trial = replace(
        trial_of(tmp_path, "", "accuracy"), command=found.command, parameters=parameters
    )
    seen, outcome = run(trial)
    assert outcome.reason is None
    assert len(seen) == 10
    assert seen[-1].metrics["accuracy"] > 0.93
