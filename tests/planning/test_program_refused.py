"""One line for all that keeps a program from running, before anything starts."""

from pathlib import Path

import pytest

from tests.support.bad_input import CommandLine
from tests.support.program_plans import FILE, here

__all__ = ["here"]

REFUSED: list[tuple[str, tuple[str, ...], str]] = [
    ("program: away.py\n", (), "HERE/sweep.yaml: program: no such file in HERE, got 'away.py'"),
    ("", ("--program", "away.py"), "--program: no such file in HERE, got 'away.py'"),
    ("", ("--program", ""), "--program: must be the path of a program, got ''"),
    ("program: 3\n", (), "HERE/sweep.yaml:1: program: must be text (put it in quotes), got 3"),
    (
        "command: [python, '${progam}', '${args}']\n",
        (),
        "HERE/sweep.yaml: command[1]: unknown macro ${progam}, did you mean '${program}'?",
    ),
    (
        "command: [python, '${program}']\n",
        (),
        "HERE/sweep.yaml: program: is required, as command[1] is ${program}",
    ),
    (
        "command: [python, '${envvar:NOT_THERE}']\n",
        (),
        "HERE/sweep.yaml: command[1]: environment variable NOT_THERE is not set",
    ),
    (
        "command: [no-such-launcher, run]\n",
        (),
        "HERE/sweep.yaml: command[0]: no such command, got 'no-such-launcher'",
    ),
    (
        "command: [./run.sh, '${args}']\n",
        (),
        "HERE/sweep.yaml: command[0]: is not executable (chmod +x ./run.sh), got './run.sh'",
    ),
    (
        "command: [run.sh, '${args}']\n",
        (),
        "HERE/sweep.yaml: command[0]: is not searched for in HERE: write ./run.sh, or its "
        "interpreter first, got 'run.sh'",
    ),
    (
        "command: ['${env}', A=1]\n",
        (),
        "HERE/sweep.yaml: command: must start a program, such as `python train.py ${args}`",
    ),
    (
        "program: train.py\n",
        ("--data", "cifar10"),
        "--data: is for built-in training, which a file with a program does not use",
    ),
    (
        "program: train.py\n",
        ("--fuse", "off"),
        "--fuse: is for built-in training, which a file with a program does not use",
    ),
]


@pytest.mark.parametrize(("head", "flags", "message"), REFUSED, ids=lambda part: str(part)[:50])
def test_refused(
    command_line: CommandLine, here: Path, head: str, flags: tuple[str, ...], message: str
) -> None:
    (here / "run.sh").write_text("#!/bin/sh\n")
    file = here / "sweep.yaml"
    file.write_text(head + FILE.removeprefix("program: train.py\n"))
    command_line.refuses("sweep", "grid", file, *flags, message=message)


def test_a_program_needs_a_file(command_line: CommandLine, here: Path) -> None:
    command_line.refuses(
        *("sweep", "grid", "--program", here / "train.py"),
        message="--program: requires a sweep file with the program's parameters",
    )


def test_a_bayesian_search_needs_the_metric(command_line: CommandLine, here: Path) -> None:
    file = here / "sweep.yaml"
    file.write_text("program: train.py\nparameters: {lr: {value: 1}}\n")
    command_line.refuses(
        *("sweep", "bayes", file),
        message="HERE/sweep.yaml: metric: is required by bayes, which learns from it",
    )
