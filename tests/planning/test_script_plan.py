"""Dry runs of scripts and notebooks that start their own W&B sweep."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.bad_input import CommandLine
from tests.support.program_plans import dry_run, here

__all__ = ["here"]

SCRIPT = """\
import wandb
def trial():
    raise SystemExit("a dry run calls it never")
sweep = wandb.sweep({"method": "random", "parameters": {"lr": {"min": 0.1, "max": 0.2}}})
wandb.agent(sweep, function=trial, count=3)
"""


@pytest.fixture
def agent(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(here / "cache"))
    script = here / "agent.py"
    script.write_text(SCRIPT)
    return script


def notebook(folder: Path) -> Path:
    cell: dict[str, Any] = {"cell_type": "code", "source": SCRIPT, "id": "a"}
    cell |= {"metadata": {}, "outputs": [], "execution_count": None}
    file = folder / "agent.ipynb"
    file.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4,
                                "nbformat_minor": 5}))  # fmt: skip
    return file


@pytest.mark.parametrize("suffix", [".py", ".ipynb"])
def test_a_script_that_starts_its_own_sweep(here: Path, agent: Path, suffix: str) -> None:
    if suffix == ".ipynb":
        pytest.importorskip("nbconvert")
        notebook(here)
    found = dry_run("random", f"agent{suffix}")
    assert (found["total"], len(found["trials"])) == (3, 3)
    assert all(0.1 < trial["values"]["lr"] < 0.2 for trial in found["trials"])
    *_, home, source = found["command"]
    assert (found["command"][0], Path(home)) == ("python", here)
    assert Path(source).stem == "agent"
    assert Path(source).is_file()
    assert dry_run("random", f"agent{suffix}", "-n", "2")["total"] == 2


def test_arguments_reach_the_script_and_each_trial(here: Path, agent: Path) -> None:
    agent.write_text("import sys\ncount = int(sys.argv[2])\n" + SCRIPT.replace("=3", "=count"))
    found = dry_run("random", "agent.py", "-n", "2", "--", "-n", "20")
    assert found["total"] == 2, "what is before -- is ours"
    assert found["command"][-2:] == ["-n", "20"]
    found = dry_run("random", "agent.py", "--", "--count", "20", "two words", "--json")
    assert (found["total"], len(found["trials"])) == (20, 20)
    assert found["command"][-4:] == ["--count", "20", "two words", "--json"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("train.py",), "train.py: calls neither wandb.sweep nor wandb.agent"),
        (("away.py",), "away.py: no such file"),
        (("agent.py", "--program", "train.py"),
         "--program: not valid with agent.py, which is a program itself"),
        (("agent.py", "--", "--data", "${args}"),
         "agent.py: an argument must not have ${, as macros do, got ${args}"),
        (("sweep.yaml", "--", "--count", "20"),
         "sweep.yaml: is a sweep file; only a script that calls wandb.agent takes arguments, got "
         "--count 20"),
        (("agent.py", "--data", "cifar10"),
         "--data: is for built-in training, which a file with a program does not use"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("agent")
def test_a_script_that_is_refused(
    command_line: CommandLine, here: Path, words: tuple[str, ...], message: str
) -> None:
    (here / "train.py").write_text("print('no sweep here')\n")
    assert command_line("sweep", "random", "--dry-run", *words) == (2, [message])
