"""Scripts and notebooks that start their own sweep, unchanged and without a network."""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.program_trials import trial_of
from tune_mc1.errors import InputError
from tune_mc1.planning.script_sweep import load_script
from tune_mc1.programs.iterations import Iteration
from tune_mc1.programs.outcome import Outcome
from tune_mc1.programs.run_program import run_program
from tune_mc1.programs.script import ScriptSweep, read_script

SCRIPT = """
import sys
import numpy as np
import wandb
from wandb import agent
from helper import square

assert wandb.login()
config = {
    "method": "random",
    "metric": {"name": "acc", "goal": "maximize"},
    "parameters": {"lr": {"values": np.array([0.1, 0.2])}, "n": {"values": range(1, 3)}},
}

def train(config=None):
    with wandb.init(config=config):
        config = wandb.config
        for epoch in range(3):
            wandb.log({"acc": square(config.lr) + epoch})

if __name__ == "__main__":
    sweep_id = wandb.sweep(sweep=config, project="mine")
    print("sweep", sweep_id, sys.argv[1:])
    agent(sweep_id, function=train, count=5)
    raise RuntimeError("W&B's server is not there")
"""


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that the user is in, with a module beside the script."""
    folder = tmp_path / "user"
    folder.mkdir()
    (folder / "helper.py").write_text("def square(x): return x * x\n")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    monkeypatch.chdir(folder)
    return folder


def read(user: Path, name: str, *arguments: str, limit_s: float = 60) -> ScriptSweep:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "WANDB_SILENT": "true"}
    where = user.parent / "results"
    return read_script(Path(name), where, arguments, environment, limit_s)


def run(user: Path, found: ScriptSweep, **parameters: Any) -> tuple[list[Iteration], Outcome]:
    assert found.command is not None
    trial = trial_of(user.parent, "", **parameters)
    assert trial.variables is not None
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    variables = {**trial.variables, "PATH": path}
    seen: list[Iteration] = []

    def note(iterations: Sequence[Iteration]) -> bool:
        seen.extend(iterations)
        return False

    return seen, run_program(replace(trial, command=found.command, variables=variables), note)


def test_a_script_is_found_and_runs_as_trials(user: Path) -> None:
    (user / "script.py").write_text(SCRIPT)
    found = read(user, "script.py", "--mine")
    assert found.count == 5
    assert found.config == {
        "method": "random",
        "metric": {"name": "acc", "goal": "maximize"},
        "parameters": {"lr": {"values": [0.1, 0.2]}, "n": {"values": [1, 2]}},
        "project": "mine",
    }
    seen, outcome = run(user, found, lr=0.5, n=1)
    assert outcome.reason is None
    assert outcome.state == "completed"
    assert [iteration.metrics["acc"] for iteration in seen] == [0.25, 1.25, 2.25]
    assert "sweep s ['--mine']" in (user.parent / "results" / "logs" / "t0.log").read_text()
    assert not (user / "wandb").exists()


def test_a_function_that_fails(user: Path) -> None:
    (user / "script.py").write_text(SCRIPT.replace("square(config.lr)", "config.no"))
    seen, outcome = run(user, read(user, "script.py"), lr=0.5)
    assert (seen, outcome.state) == ([], "failed")
    assert outcome.reason is not None
    assert "no" in outcome.reason
    assert 'script.py", line 1' in outcome.reason


def test_a_script_that_names_its_program(user: Path) -> None:
    code = "import wandb\nwandb.sweep({'program': 'train.py', 'method': 'grid'})"
    (user / "script.py").write_text(code)
    found = read(user, "script.py")
    assert (found.command, found.config["program"]) == (None, "train.py")


CREATED = "script.py: creates 2 sweeps; the one that its first call of wandb.agent gets is run"
REACHED = "only the first that is reached is run"
LOOP = f"script.py: has several calls of wandb.agent (line 12, in a loop); {REACHED}"
TWICE = f"script.py: has several calls of wandb.agent (lines 11, 12); {REACHED}"
MANY = """
import wandb


def train():
    pass


first = wandb.sweep({"method": "grid", "parameters": {"lr": {"value": 1}}})
second = wandb.sweep({"method": "grid", "parameters": {"lr": {"value": 2}}}, project="mine")
"""


@pytest.mark.parametrize(
    ("calls", "rate", "notices"),
    [
        ("wandb.agent(first, train)", 1, [CREATED]),
        ('wandb.agent(f"me/mine/{second}", train)', 2, [CREATED]),
        ("for one in (second, first):\n    wandb.agent(one, train)", 2, [CREATED, LOOP]),
        ("wandb.agent(first, train)\nwandb.agent(second, train)", 1, [CREATED, TWICE]),
    ],
    ids=["first", "second", "loop", "both"],
)
def test_a_script_with_several_sweeps(
    user: Path, calls: str, rate: int, notices: list[str]
) -> None:
    (user / "script.py").write_text(MANY + calls)
    found = read(user, "script.py")
    assert found.config["parameters"] == {"lr": {"value": rate}}
    assert list(found.notices) == notices


def test_a_sweep_says_what_of_its_script_is_not_run(
    user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(user.parent))
    (user / "script.py").write_text(MANY + "wandb.agent(second, train)")
    assert CREATED in load_script(Path("script.py")).notices


BAD = {
    "import wandb; wandb.sweep({'method': 'grid'}); wandb.agent('me/x/abc', print)": "calls "
    "wandb.agent for a sweep on W&B's server, must call wandb.sweep before",
    "pass": "calls neither wandb.sweep nor wandb.agent",
    "import wandb; wandb.agent('me/x/abc', print)": "calls wandb.agent for a sweep on W&B's "
    "server, must call wandb.sweep before",
    "import wandb; wandb.sweep([1])": "wandb.sweep must get a dict, got [1]",
    "import wandb; wandb.sweep({'method': 'grid'})": "must hand a function to wandb.agent, or name "
    "a program in the configuration",
    "raise ValueError('no data')": "exit status 1 before it called wandb.agent; last lines: "
    'ValueError: no data | File "SCRIPT", line 1, in <module>',
    "import wandb; wandb.sweep({'x': print})": "exit status 1 before it called wandb.agent; last "
    "lines: TypeError: a sweep's configuration cannot hold <built-in function print>",
}


@pytest.mark.parametrize("code", list(BAD))
def test_scripts_without_a_sweep(user: Path, code: str) -> None:
    (user / "script.py").write_text(code)
    with pytest.raises(InputError) as raised:
        read(user, "script.py")
    expected = BAD[code].replace("SCRIPT", str(user / "script.py"))
    assert str(raised.value).startswith(f"script.py: {expected}")


def test_a_script_that_never_gets_there(user: Path) -> None:
    (user / "script.py").write_text("import time; time.sleep(300)")
    with pytest.raises(InputError, match=r"script.py: did not call wandb.agent within 1 s"):
        read(user, "script.py", limit_s=1)
    with pytest.raises(InputError, match=r"gone.py: no such file"):
        read(user, "gone.py")


def notebook(path: Path, *cells: str) -> None:
    content = {
        "cells": [
            {
                "cell_type": "code",
                "source": cell,
                "metadata": {},
                "outputs": [],
                "execution_count": 1,
            }
            for cell in cells
        ],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 4,
    }
    path.write_text(json.dumps(content))


def test_a_notebook(user: Path) -> None:
    cells = SCRIPT.split("\n\n")
    magics = (
        "%matplotlib inline\n!pip install wandb\n!echo made > made.txt\n%env A=b c\n%load_ext x"
    )
    timed = "%%time\nx = 3\n"
    test = "import os\nassert (os.environ['A'], x) == ('b c', 3)\ndisplay('shown')"
    notebook(user / "study.ipynb", magics, timed, test, *cells)
    found = read(user, "study.ipynb")
    assert found.config["parameters"]["n"] == {"values": [1, 2]}
    assert (user / "made.txt").read_text() == "made\n"
    seen, outcome = run(user, found, lr=0.5)
    assert (outcome.reason, len(seen)) == (None, 3)


def test_no_notebook(user: Path) -> None:
    (user / "study.ipynb").write_text("hello")
    with pytest.raises(InputError, match=r"study.ipynb: is not a notebook: "):
        read(user, "study.ipynb")


def test_a_notebook_without_nbconvert(user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook(user / "study.ipynb", "pass")
    monkeypatch.setitem(sys.modules, "nbconvert", None)
    with pytest.raises(InputError) as raised:
        read(user, "study.ipynb")
    line = "study.ipynb: a notebook needs nbconvert (pip install 'tune_mc1[notebook]')"
    assert str(raised.value) == line
