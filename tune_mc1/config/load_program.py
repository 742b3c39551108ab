"""Sweep files with a program: from their content to a validated sweep."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path as FilePath
from typing import Any, NamedTuple

from pydantic import ValidationError

from tune_mc1.config.early_terminate import model_of
from tune_mc1.config.notices import drop_unused, early_notices
from tune_mc1.config.problems import Path, Problem, problems_of
from tune_mc1.config.program_parameters import nest, read_program_parameters
from tune_mc1.config.program_sweep import TRAINING_ONLY, ProgramMetric, ProgramSweep
from tune_mc1.config.requirements import read_requirements
from tune_mc1.config.sweep import Resources

_KEYS = [name for name in ProgramSweep.model_fields if name not in (*TRAINING_ONLY, "paths")]


class ReadProgramSweep(NamedTuple):
    """A sweep, or what keeps the file from being one.

    Attributes:
        sweep: The sweep; None if there are problems.
        problems: Mistakes in the file.
        messages: Mistakes elsewhere.
        notices: Lines for the user.
    """

    sweep: ProgramSweep | None
    problems: list[Problem]
    messages: list[str]
    notices: list[str]


def is_program(raw: dict[str, Any]) -> bool:
    """True for the content of a file whose trials are runs of a program."""
    return "program" in raw or "command" in raw


def read_program_sweep(raw: dict[str, Any], overrides: Sequence[str]) -> ReadProgramSweep:
    """Validates the content of a file with a program.

    Args:
        raw: The content.
        overrides: Items `name=value[,value...]`, each of which replaces a parameter.
    """
    raw = dict(raw)
    notices = drop_unused(raw, program=True) + early_notices(raw.get("early_terminate"))
    problems = [_training_only(name, raw.pop(name)) for name in TRAINING_ONLY if name in raw]
    try:
        parameters, paths, found, more = read_program_parameters(
            raw.pop("parameters", None), overrides
        )
    except ValueError as error:
        return ReadProgramSweep(None, problems, [str(error)], notices)
    problems, notices = problems + found, notices + more
    if isinstance(raw.get("command"), str):
        problems.append(Problem(("command",), "must be a list of words", raw.pop("command")))
    given = {"directory": os.getcwd(), **raw, "parameters": parameters, "paths": paths}  # noqa: PTH109
    if given.get("requirements") is not None:
        lines, found = read_requirements(given["requirements"], FilePath(str(given["directory"])))
        problems, given["requirements"] = problems + found, lines
    if isinstance(given.get("command"), list):
        given["command"] = list(map(str, given["command"]))
    try:
        sweep = ProgramSweep.model_validate(given)
    except ValidationError as error:
        early = model_of(raw.get("early_terminate"))
        known: dict[Path, Iterable[str]] = {
            (): _KEYS,
            ("metric",): ProgramMetric.model_fields,
            ("early_terminate",): early.model_fields if early is not None else (),
            ("resources",): Resources.model_fields,
        }
        return ReadProgramSweep(None, problems + problems_of(error, known), [], notices)
    metric = raw.get("metric")
    if sweep.metric.name and isinstance(metric, dict) and "goal" not in metric:
        notices.append(f"metric.goal: not given, so {sweep.metric.name} is minimized, as in W&B")
    return ReadProgramSweep(None if problems else sweep, problems, [], notices)


def _training_only(name: str, value: Any) -> Problem:
    rule = "is for built-in training, which a file with a program does not use"
    return Problem((name,), rule, value)


def program_content(sweep: ProgramSweep) -> dict[str, Any]:
    """The content of a file that loads as an equal sweep, without its parameters' values."""
    unused = {"parameters", "paths", *TRAINING_ONLY}
    content = sweep.model_dump(mode="json", exclude_none=True, exclude=unused)
    if not sweep.metric.name:
        del content["metric"]
    return content


def program_parameters(sweep: ProgramSweep, flat: dict[str, Any]) -> dict[str, Any]:
    """The mapping `parameters` of a file.

    Args:
        sweep: The sweep.
        flat: Content of each parameter, by name.
    """
    return nest(flat, sweep.paths)
