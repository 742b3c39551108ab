"""Mistakes in a sweep file's `command` and `program`, found before anything starts."""

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tune_mc1.config.problems import Problem
from tune_mc1.errors import did_you_mean
from tune_mc1.programs.command import (
    ENVIRONMENT_VARIABLE,
    MACRO,
    MACROS,
    Command,
    as_words,
    find_interpreter,
)

_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=.*", re.DOTALL)
_PYTHON = re.compile(r"python[0-9.]*(\.exe)?")


def read_command(
    content: Mapping[str, Any],
    directory: Path,
    environment: Mapping[str, str] = os.environ,
) -> tuple[Command, list[Problem]]:
    """The command of a sweep file, and all that keeps it from running.

    Args:
        content: The file's content, of which `program` and `command` are read.
        directory: Working directory of the program.
        environment: Environment of the program.

    Returns:
        The command, and its problems; it runs only if there are none.
    """
    program, words = content.get("program"), content.get("command")
    problems = []
    if program is not None and (not isinstance(program, str) or not program):
        problems.append(Problem(("program",), "must be the path of a program", program))
        program = None
    if words is not None and not isinstance(words, list):
        problems.append(Problem(("command",), "must be a list with one word per item", words))
        words = None
    command = Command(as_words(words), program, find_interpreter(environment))
    return command, problems or list(_problems(command, directory, environment))


def _problems(command: Command, directory: Path, env: Mapping[str, str]) -> Iterator[Problem]:
    faults = list(_macro_problems(command, env))
    yield from faults
    if not faults:
        yield from _path_problems(command, directory, env)


def _macro_problems(command: Command, env: Mapping[str, str]) -> Iterator[Problem]:
    for index, word in enumerate(command.words):
        path = ("command", index)
        for name in ENVIRONMENT_VARIABLE.findall(word):
            if name not in env:
                yield Problem(path, f"environment variable {name} is not set")
        macro = MACRO.fullmatch(word)
        if macro is None or ENVIRONMENT_VARIABLE.search(word):
            continue
        if macro[1].startswith("envvar:"):
            rule = "the name of an environment variable has capitals, digits and _ only"
            yield Problem(path, rule, word)
        elif macro[1] not in MACROS:
            known = ", ".join(f"${{{name}}}" for name in (*MACROS, "envvar:NAME"))
            hint = did_you_mean(word, [f"${{{name}}}" for name in MACROS]) or f" (known: {known})"
            yield Problem(path, f"unknown macro {word}{hint}")
        elif macro[1] == "program" and command.program is None:
            yield Problem(("program",), f"is required, as command[{index}] is {word}")


def _path_problems(command: Command, directory: Path, env: Mapping[str, str]) -> Iterator[Problem]:
    """The executable and, where it is Python, the script."""
    first = _first_word(command.words)
    if first is None:
        yield Problem(("command",), "must start a program, such as `python train.py ${args}`")
        return
    words = [_expand(command, word, env) for word in command.words]
    path = _place(command, first)
    if (rule := _not_runnable(words[first], directory, env)) is not None:
        yield Problem(path, rule, words[first])
        return
    if first + 1 == len(words) or not _PYTHON.fullmatch(Path(words[first]).name):
        return
    script = next((i for i in range(first + 1, len(words)) if words[i][:1] != "-"), None)
    if script is None or any(word in ("-m", "-c") for word in words[first + 1 : script]):
        return
    file = directory / words[script]
    if not words[script].startswith("$") and not file.exists():
        yield Problem(_place(command, script), f"no such file in {directory}", words[script])


def _first_word(words: tuple[str, ...]) -> int | None:
    """Index of the word that names the executable, after `env` and its assignments."""
    at = 0
    if words[0] == "${env}" or Path(words[0]).name == "env":
        at = 1
        while at < len(words) and (_ASSIGNMENT.fullmatch(words[at]) or words[at][:1] == "-"):
            at += 1
    return at if at < len(words) else None


def _expand(command: Command, word: str, env: Mapping[str, str]) -> str:
    single = {"${interpreter}": command.interpreter, "${program}": command.program or ""}
    return single.get(word) or ENVIRONMENT_VARIABLE.sub(lambda match: env[match[1]], word)


def _place(command: Command, index: int) -> tuple[str | int, ...]:
    return ("program",) if command.words[index] == "${program}" else ("command", index)


def _not_runnable(word: str, directory: Path, env: Mapping[str, str]) -> str | None:
    """Why a word cannot be run; None if it can."""
    if "/" not in word:
        found = shutil.which(word, path=env.get("PATH")) is not None
        if not found and (directory / word).is_file():
            return f"is not searched for in {directory}: write ./{word}, or its interpreter first"
        return None if found else "no such command"
    file = directory / word
    if not file.is_file():
        return f"no such file in {directory}"
    return None if os.access(file, os.X_OK) else f"is not executable (chmod +x {word})"
