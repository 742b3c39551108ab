"""Dry runs of programs: the exact command of the first trial, trials and rungs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.in_process import run_here
from tests.support.program_plans import FILE, dry_run, here

__all__ = ["here"]

HEAVY = ("torch", "ray", "wandb", "optuna", "scipy")
PUBLISHED = Path(__file__).parents[1] / "sweeps" / "published"


def shown(*words: str) -> tuple[list[str], list[str]]:
    """Lines on standard output and notices."""
    done = run_here("sweep", *words, "--dry-run", cwd=Path.cwd(), COLUMNS="200")
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines(), done.stderr.splitlines()


ARGUMENTS = ["--lr=1e-05", "--layers=[64, 32]", "--model={'dropout': 0.5, 'name': 'a b'}"]


def test_the_command_of_the_first_trial(here: Path) -> None:
    found = dry_run("grid", "sweep.yaml")
    assert found["command"] == ["/usr/bin/env", "python", "train.py", *ARGUMENTS]
    assert (found["directory"], found["total"], found["rungs"]) == (str(here), 2, [])
    assert [trial["id"] for trial in found["trials"]] == ["t0001", "t0002"]
    assert found["first"] == found["trials"][0]["values"]
    assert not {"data", "validation", "fuse"} & found["sweep"].keys(), "these mean our training"


def test_the_command_can_be_pasted_into_a_shell(here: Path) -> None:
    (here / "train.py").write_text("import sys\nprint(sys.argv[1:])\n")
    lines, _ = shown("grid", "sweep.yaml")
    assert f"Directory: {here}" in lines
    (line,) = (text for text in lines if text.startswith("Command: "))
    done = subprocess.run(
        ["/bin/sh", "-c", line.removeprefix("Command: ")],
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str(ARGUMENTS)


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("[python, -u, '${program}', '${args_no_hyphens}']", ["python", "-u", "train.py", "lr=1"]),
        ("['${interpreter}', '${program}', --x, '${args_json}']",
         ["python", "train.py", "--x", '{"lr": 1}']),
        ("['${env}', A=1, python, '${program}', 8, '${args_no_equals}']",
         ["/usr/bin/env", "A=1", "python", "train.py", "8", "--lr", "1"]),
        ("[python, '${program}', '${args_json_file}', '${args_append_hydra}']",
         ["python", "train.py", "parameters.json", "+lr=1"]),
    ],
)  # fmt: skip
def test_the_commands_of_files(here: Path, command: str, line: list[str]) -> None:
    text = f"program: train.py\nmethod: grid\ncommand: {command}\nparameters: {{lr: {{value: 1}}}}"
    (here / "sweep.yaml").write_text(text)
    assert dry_run("grid", "sweep.yaml")["command"] == line


def test_set_and_program_change_it(here: Path) -> None:
    (here / "other.py").touch()
    found = dry_run(
        "grid", "sweep.yaml", "--program", "other.py", "--set", "lr=3", "--set", "new=x"
    )
    assert found["command"][2:] == ["other.py", "--lr=3", *ARGUMENTS[1:], "--new=x"]
    (here / "sweep.yaml").write_text(FILE.replace("program: train.py\n", ""))
    found = dry_run("grid", "sweep.yaml", "--program", "train.py")
    assert found["command"][2:] == ["train.py", *ARGUMENTS]


@pytest.mark.parametrize("method", ["random", "asha", "bayes"])
@pytest.mark.usefixtures("here")
def test_without_a_run_cap_there_is_no_end(method: str) -> None:
    lines, notices = shown(method, "sweep.yaml")
    assert any("run_cap: not given, so the sweep goes on until Ctrl-C" in line for line in notices)
    assert any(line.startswith("Any number of trials, each with 1 CPU") for line in lines)
    assert not any("rung" in line for line in lines)
    example = "Command (example): " if method == "bayes" else "Command: "
    (command,) = (line for line in lines if line.startswith("Command"))
    assert command.startswith(example), "only of bayes the first values are not known"
    found = dry_run(method, "sweep.yaml")
    assert (found["total"], found["trials"], found["rungs"]) == (0, [], [])
    if method != "bayes":
        assert found["first"] == dry_run(method, "sweep.yaml", "-n", "1")["first"]


@pytest.mark.usefixtures("here")
def test_rungs_are_those_that_can_stop_a_trial() -> None:
    assert dry_run("asha", "sweep.yaml", "-n", "20")["rungs"] == [
        {"bracket": 0, "epoch": 1, "trials": 20},
        {"bracket": 0, "epoch": 2, "trials": 10},
        {"bracket": 0, "epoch": 4, "trials": 5},
        {"bracket": 0, "epoch": 8, "trials": 3},
        {"bracket": 0, "epoch": 16, "trials": 2},
    ]
    lines, _ = shown("asha", "sweep.yaml", "-n", "20")
    assert any(line.split()[:2] == ["bracket", "iteration"] for line in lines)


@pytest.mark.parametrize("name", sorted(file.stem for file in PUBLISHED.glob("*.yaml")))
def test_published_files_are_planned(
    here: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    bin_folder = here / "bin"
    bin_folder.mkdir()
    for launcher in ("uv", "poetry"):
        (bin_folder / launcher).write_text("#!/bin/sh\n")
        (bin_folder / launcher).chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_folder}:{os.environ['PATH']}")
    file = Path(shutil.copy(PUBLISHED / f"{name}.yaml", here))
    content = yaml.safe_load(file.read_text())
    found = dry_run(content.get("method", "random"), file.name)
    assert (found["total"] or None) == content.get("run_cap") or content["method"] == "grid"
    flat = " ".join(found["command"])
    if any("${args" in word for word in content.get("command", ["${args}"])):
        assert all(f"{name}=" in flat for name in content["parameters"])


@pytest.mark.usefixtures("here")
def test_integers_are_drawn_where_q_is_one(here: Path) -> None:
    """As in W&B: `type=int` of argparse takes no `--batch_size=72.0`."""
    text = "program: train.py\nparameters: {b: {distribution: q_log_uniform_values, MIN, q: Q}}\n"
    for q, kind in (("8", int), ("8.0", float)):
        filled = text.replace("MIN", "min: 32, max: 256").replace("Q", q)
        (here / "sweep.yaml").write_text(filled)
        values = [t["values"]["b"] for t in dry_run("random", "sweep.yaml", "-n", "9")["trials"]]
        assert {type(value) for value in values} == {kind}
        assert all(value % 8 == 0 for value in values)


@pytest.mark.parametrize("method", ["grid", "bayes"])
@pytest.mark.usefixtures("here")
def test_it_waits_neither_for_torch_nor_ray_nor_wandb(method: str) -> None:
    code = f"""
import atexit, sys
atexit.register(lambda: print("LOADED", [m for m in {HEAVY!r} if m in sys.modules]))
from tune_mc1.cli.app import main
sys.argv = ["tune_mc1", "sweep", {method!r}, "sweep.yaml", "--dry-run"]
main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("LOADED []\n")
