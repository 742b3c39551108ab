"""Command line of a trial: the sweep file's `command` with W&B's macros filled in."""

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEFAULT_COMMAND = ("${env}", "${interpreter}", "${program}", "${args}")
"""The command of a file that has none."""

ENVIRONMENT_VARIABLE = re.compile(r"\$\{envvar:([A-Z0-9_]*)\}")
MACRO = re.compile(r"\$\{(.*)\}", re.DOTALL)

Parameters = Mapping[str, Any]

_ARGUMENTS: dict[str, Callable[[Parameters], list[str]]] = {
    "args": lambda p: [f"--{name}={value}" for name, value in p.items()],
    "args_no_equals": lambda p: [word for k, v in p.items() for word in (f"--{k}", str(v))],
    "args_no_hyphens": lambda p: [f"{name}={value}" for name, value in p.items()],
    "args_append_hydra": lambda p: [f"+{name}={value}" for name, value in p.items()],
    "args_override_hydra": lambda p: [f"++{name}={value}" for name, value in p.items()],
    "args_no_boolean_flags": lambda p: [
        f"--{k}" if v is True else f"--{k}={v}" for k, v in p.items() if v is not False
    ],
    "args_json": lambda p: [args_json(p)],
}
"""Macros that stand for all parameters, and the words that replace each."""

MACROS = ("env", "interpreter", "program", *_ARGUMENTS, "args_json_file")
"""Names of all macros but `${envvar:NAME}`, which may also be a part of a word."""


@dataclass(frozen=True)
class Command:
    """How a program is started.

    Attributes:
        words: The file's `command`, word by word, with macros.
        program: The file's `program`; None if no macro needs it.
        interpreter: What `${interpreter}` stands for.
    """

    words: tuple[str, ...] = DEFAULT_COMMAND
    program: str | None = None
    interpreter: str = "python"

    def line(
        self,
        parameters: Parameters,
        json_file: Path | str = "args.json",
        environment: Mapping[str, str] = os.environ,
    ) -> list[str]:
        """The words of one trial's command line, the same as W&B's agent would run.

        A value is written as Python prints it: `True`, `None`, `[1, 2]`, `{'a': 0.1}`, `1e-05`.

        Args:
            parameters: Values by name; those of a nested group are one value, a dict.
            json_file: Path that `${args_json_file}` stands for. The caller writes `args_json`
                to it if `needs_json_file`.
            environment: Environment variables for `${envvar:NAME}`.

        Raises:
            KeyError: A macro or an environment variable is unknown; `command_problems` tells so
                before.
        """
        single = {
            "env": "/usr/bin/env",
            "interpreter": self.interpreter,
            "program": self.program,
            "args_json_file": str(json_file),
        }
        line: list[str] = []
        for word in self.words:
            macro = MACRO.fullmatch(word)
            if macro is None or ENVIRONMENT_VARIABLE.search(word):
                line.append(ENVIRONMENT_VARIABLE.sub(lambda match: environment[match[1]], word))
            elif macro[1] in _ARGUMENTS:
                line += _ARGUMENTS[macro[1]](parameters)
            else:
                line.append(single[macro[1]] or "")
        return line

    @property
    def needs_json_file(self) -> bool:
        """Whether the parameters must be in a file before the program starts."""
        return "${args_json_file}" in self.words


def args_json(parameters: Parameters) -> str:
    """The parameters as one JSON object: the text of `${args_json}` and of its file."""
    return json.dumps(dict(parameters))


def activated(environment: Mapping[str, str] = os.environ) -> Mapping[str, str]:
    """An environment in which `python` is that of this package, unless another one is activated.

    `.venv/bin/python -m tune_mc1 ...` does not activate `.venv`; its programs would otherwise run
    with an interpreter that lacks its packages.

    Args:
        environment: All environment variables.
    """
    active = any(environment.get(name) for name in ("VIRTUAL_ENV", "CONDA_PREFIX"))
    if active or sys.prefix == sys.base_prefix:
        return environment
    folders = [str(Path(sys.prefix, "bin")), environment.get("PATH", "")]
    path = os.pathsep.join(filter(None, folders))
    return {**environment, "VIRTUAL_ENV": sys.prefix, "PATH": path}


def find_interpreter(environment: Mapping[str, str] = os.environ) -> str:
    """What `${interpreter}` stands for: `python`, as in W&B, or ours if there is no such command.

    Args:
        environment: Environment of the program; its PATH is searched.
    """
    return "python" if shutil.which("python", path=environment.get("PATH")) else sys.executable


def as_words(command: Sequence[Any] | None) -> tuple[str, ...]:
    """A file's `command` as text: YAML reads a word such as `8` or `true` as another type."""
    return tuple(map(str, command)) if command else DEFAULT_COMMAND
