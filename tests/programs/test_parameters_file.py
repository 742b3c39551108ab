"""What `wandb.init` makes of a trial's file and environment."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wandb.sdk.lib.config_util import dict_from_config_file

from tests.programs.test_command import values
from tune_mc1.programs.parameters_file import TrialEnvironment, write_parameters


def environment(folder: Path, **changes: Any) -> TrialEnvironment:
    trial = TrialEnvironment(folder, folder / "kept", "s1", "s1-t0", "my sweep", cpus=2.0)
    return replace(trial, **changes)


@settings(deadline=None, max_examples=40)
@given(parameters=st.dictionaries(st.text(min_size=1, max_size=8), values, max_size=4))
def test_the_parameters_are_read_back(
    parameters: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("p") / "parameters.yaml"
    parameters.pop("wandb_version", None)
    write_parameters(path, parameters)
    assert repr(dict_from_config_file(str(path))) == repr(parameters)  # NaN is no NaN


PROGRAM = """
import json, wandb
run = wandb.init(project="its own", config={"lr": 1.0, "mine": 2})
s = run.settings
print("FOUND", json.dumps([dict(run.config), run.sweep_id, run.id, run.group, run.project,
                  s.mode, s.x_transaction_log_flush_interval, s.api_key, s.base_url]))
run.finish()
"""


@pytest.mark.parametrize("mode", ["offline", "disabled"])
def test_a_program_has_its_parameters_and_nobody_elses_run(tmp_path: Path, mode: Any) -> None:
    trial = environment(tmp_path / "trial", mode=mode, project="ours")
    write_parameters(trial.parameters_file, {"lr": 0.5, "net": {"depth": 3}, "a.b": [1, None]})
    base = {"PATH": "/bin", "WANDB_SERVICE": "x", "WANDB_RESUME": "must", "WANDB_MODE": "online"}
    variables = trial.variables(base | {"WANDB_API_KEY": "k" * 40, "HOME": str(tmp_path)})
    assert variables["OMP_NUM_THREADS"] == "2"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=variables, capture_output=True, text=True, check=True
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith("FOUND"))
    config, *rest = json.loads(line.removeprefix("FOUND"))
    assert config == {"lr": 0.5, "mine": 2, "net": {"depth": 3}, "a.b": [1, None]}
    assert rest[:6] == ["s1", "s1-t0", "my sweep", "ours", "offline", 0.2]
    hidden = mode == "disabled"
    assert (rest[6] is None, rest[7].startswith("http://127")) == (hidden, hidden)
    assert list((tmp_path / "trial" / "wandb").glob("offline-run-*/run-s1-t0.wandb"))


def test_what_the_user_has_set_stays() -> None:
    trial = environment(Path("/x"), mode="online", cpus=0.5)
    base = {"WANDB_API_KEY": "k", "PYTHONUNBUFFERED": "0"}
    variables = trial.variables(base)
    assert variables["OMP_NUM_THREADS"] == "1"
    assert trial.variables({"OMP_NUM_THREADS": "7"})["OMP_NUM_THREADS"] == "7"
    assert variables["WANDB_API_KEY"] == "k"
    assert variables["PYTHONUNBUFFERED"] == "0"
    assert "WANDB_BASE_URL" not in variables
    assert variables["WANDB_MODE"] == "online"
