"""The command line is W&B's own, word for word."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wandb.wandb_agent import Agent

from tune_mc1.config.problems import Problem
from tune_mc1.programs.command import (
    DEFAULT_COMMAND,
    MACROS,
    Command,
    activated,
    args_json,
    as_words,
)
from tune_mc1.programs.command_check import read_command

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
values = st.recursive(
    scalars, lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(max_size=3), v, max_size=3)
)
words = st.sampled_from([f"${{{name}}}" for name in MACROS]) | st.sampled_from(
    ["--flag", "-m", "a=${envvar:HOME}", "${envvar:HOME}/${envvar:PATH}", "x ${args} y", "$HOME"]
)
ENVIRONMENT = {"HOME": "/some/home", "PATH": "/bin"}


def agents_line(words: list[Any] | None, parameters: dict[str, Any]) -> list[str]:
    """W&B's agent itself, up to the point where it would start the process."""
    agent = Agent.__new__(Agent)
    agent._sweep_command, agent._function = list(words or []), None
    agent._forward_signals, agent._in_jupyter, agent._run_processes = False, False, {}
    agent._log = []
    seen: list[list[str]] = []

    class Process:
        def __init__(self, command: list[str], **_: Any) -> None:
            seen.append(command)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wandb.wandb_agent.AgentProcess", Process)
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        patch.setenv("WANDB_SWEEP_ID", "s")
        patch.setenv("WANDB_RUN_ID", "before")
        patch.setenv("WANDB_SWEEP_PARAM_PATH", "before")
        arguments = {name: {"value": value} for name, value in parameters.items()}
        run: Any = agent._command_run  # has no types
        run({"run_id": "r", "args": arguments, "program": "train.py"})
    return seen[0]


@pytest.fixture(autouse=True, scope="module")
def _elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("agent")
        (folder / "wandb" / "sweep-s").mkdir(parents=True)
        patch.chdir(folder)
        patch.delenv("WANDB_DIR", raising=False)
        yield


@settings(deadline=None)
@given(
    parameters=st.dictionaries(st.text(min_size=1, max_size=8), values, max_size=4),
    template=st.none() | st.lists(words, min_size=1, max_size=5),
)
def test_any_parameters_and_macros_as_the_agent(
    parameters: dict[str, Any], template: list[str] | None
) -> None:
    command = Command(as_words(template), "train.py")
    expected = agents_line(template, parameters)
    json_file = "wandb/sweep-s/config-r.json"
    assert command.line(parameters, json_file, ENVIRONMENT) == expected
    if command.needs_json_file:
        assert Path(json_file).read_text() == args_json(parameters)


def test_a_line_that_people_expect() -> None:
    parameters = {"lr": 1e-5, "bn": True, "aug": False, "sizes": [3, 3], "opt": {"name": None}}
    assert Command(program="train.py").line(parameters) == [
        *("/usr/bin/env", "python", "train.py", "--lr=1e-05", "--bn=True", "--aug=False"),
        *("--sizes=[3, 3]", "--opt={'name': None}"),
    ]
    flags = Command(("run.sh", "${args_no_boolean_flags}")).line(parameters)
    assert flags == ["run.sh", "--lr=1e-05", "--bn", "--sizes=[3, 3]", "--opt={'name': None}"]
    assert json.loads(Command(("${args_json}",)).line(parameters)[0]) == parameters


def test_words_of_other_types() -> None:
    assert as_words(["torchrun", "--nproc", 1, True]) == ("torchrun", "--nproc", "1", "True")
    assert as_words(None) == as_words([]) == DEFAULT_COMMAND
    from wandb.sdk.launch.sweeps import utils  # takes two seconds

    assert list(DEFAULT_COMMAND) == utils.DEFAULT_SWEEP_COMMAND


BAD: list[tuple[dict[str, Any], str]] = [
    ({"program": "gone.py"}, "program: no such file in DIR, got 'gone.py'"),
    ({}, "program: is required, as command[2] is ${program}"),
    ({"program": 3}, "program: must be the path of a program, got 3"),
    (
        {"program": "train.py", "command": ["python", "train.py", "x", "${arg}"]},
        "command[3]: unknown macro ${arg}, did you mean '${args}'?",
    ),
    (
        {"command": ["python", "--home=${envvar:NOT_SET_HERE}"]},
        "command[1]: environment variable NOT_SET_HERE is not set",
    ),
    (
        {"command": ["python", "${envvar:lower}"]},
        "command[1]: the name of an environment variable has capitals, digits and _ only, "
        "got '${envvar:lower}'",
    ),
    ({"command": ["uvx7", "run"]}, "command[0]: no such command, got 'uvx7'"),
    (
        {"command": ["${env}", "A=1", "nothere", "x"]},
        "command[2]: no such command, got 'nothere'",
    ),
    (
        {"command": ["./plain.sh"]},
        "command[0]: is not executable (chmod +x ./plain.sh), got './plain.sh'",
    ),
    (
        {"program": "plain.sh", "command": ["${program}", "${args}"]},
        "program: is not searched for in DIR: write ./plain.sh, or its interpreter first, "
        "got 'plain.sh'",
    ),
    (
        {"command": ["python3", "-u", "gone.py", "${args}"]},
        "command[2]: no such file in DIR, got 'gone.py'",
    ),
    (
        {"command": "python train.py ${args}"},
        "command: must be a list with one word per item, got 'python train.py ${args}'",
    ),
    (
        {"command": ["${env}", "A=1"]},
        "command: must start a program, such as `python train.py ${args}`",
    ),
]


@pytest.mark.parametrize(("content", "line"), BAD, ids=[line[:40] for _, line in BAD])
def test_mistakes_before_anything_starts(
    tmp_path: Path, content: dict[str, Any], line: str
) -> None:
    (tmp_path / "plain.sh").write_text("echo hello")
    _, problems = read_command(content, tmp_path)
    assert [str(problem) for problem in problems] == [line.replace("DIR", str(tmp_path))]


GOOD: list[dict[str, Any]] = [
    {"program": "train.py"},
    {"program": "train.py", "command": ["${env}", "A=b", "sh", "-c", "echo", "${args}"]},
    {"program": "pack.train", "command": ["python3", "-m", "${program}", "${args}"]},
    {"command": ["./run.sh", "${args_no_hyphens}"]},
    {"command": ["python3", "-c", "print(1)"]},
    {"command": ["sh", "missing-is-its-own-matter.sh"]},
    {"program": "train.py", "command": ["${envvar:SHELL_HERE}", "x${args}y"]},
]


@pytest.mark.parametrize("content", GOOD, ids=str)
def test_what_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: dict[str, Any]
) -> None:
    monkeypatch.setenv("SHELL_HERE", "/bin/sh")
    (tmp_path / "train.py").write_text("")
    (tmp_path / "run.sh").write_text("")
    (tmp_path / "run.sh").chmod(0o755)
    found: list[Problem] = read_command(content, tmp_path)[1]
    assert not found


def test_programs_run_in_our_environment_unless_another_is_activated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.prefix", "/of/ours")
    monkeypatch.setattr("sys.base_prefix", "/usr")
    found = activated({"PATH": "/bin", "A": "b"})
    assert found == {"PATH": "/of/ours/bin:/bin", "VIRTUAL_ENV": "/of/ours", "A": "b"}
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        theirs = {"PATH": "/bin", name: "/of/theirs"}
        assert activated(theirs) == theirs
    monkeypatch.setattr("sys.base_prefix", "/of/ours")
    assert activated({"PATH": "/bin"}) == {"PATH": "/bin"}, "no virtual environment"
