"""Sweep files with a program or a LightningModule: from their content to a validated sweep."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path as FilePath
from typing import Any, NamedTuple

from pydantic import ValidationError

from tune_mc1.config.budget import Budget
from tune_mc1.config.early_terminate import model_of
from tune_mc1.config.module_sweep import ModuleResources, ModuleSweep
from tune_mc1.config.notices import drop_unused, early_notices
from tune_mc1.config.problems import Path, Problem, problems_of
from tune_mc1.config.program_parameters import nest, numbers_in, read_program_parameters
from tune_mc1.config.program_sweep import TRAINING_ONLY, ProgramMetric, ProgramSweep
from tune_mc1.config.requirements import read_requirements
from tune_mc1.config.resources import Resources


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
    """True for the content of a file whose trials are runs of a program or train a module."""
    return "program" in raw or "command" in raw or "module" in raw


def read_program_sweep(
    raw: dict[str, Any], overrides: Sequence[str], home: str = ""
) -> ReadProgramSweep:
    """Validates the content of a file with a program or a module.

    Args:
        raw: The content.
        overrides: Items `name=value[,value...]`, each of which replaces a parameter.
        home: Directory of the file, absolute; modules are looked for in it too.
    """
    raw = dict(raw)
    kind = ModuleSweep if "module" in raw else ProgramSweep
    notices = drop_unused(raw, program=True) + early_notices(raw.get("early_terminate"))
    problems = _of_another_kind(raw, kind)
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
    if kind is ModuleSweep:
        given |= _of_module(given, FilePath(home))
    try:
        sweep = kind.model_validate(given)
    except ValidationError as error:
        early = model_of(raw.get("early_terminate"))
        known: dict[Path, Iterable[str]] = {
            (): [name for name in kind.model_fields if name not in (*kind.unused, "paths")],
            ("metric",): ProgramMetric.model_fields,
            ("budget",): Budget.model_fields,
            ("early_terminate",): early.model_fields if early is not None else (),
            ("resources",): (ModuleResources if kind is ModuleSweep else Resources).model_fields,
        }
        return ReadProgramSweep(None, problems + problems_of(error, known), [], notices)
    metric = raw.get("metric")
    if sweep.metric.name and isinstance(metric, dict) and "goal" not in metric:
        notices.append(f"metric.goal: not given, so {sweep.metric.name} is minimized, as in W&B")
    return ReadProgramSweep(None if problems else sweep, problems, [], notices)


def _of_module(given: dict[str, Any], home: FilePath) -> dict[str, Any]:
    """What a file with a module says otherwise than the sweep has it.

    Args:
        given: The content.
        home: Directory of the file, absolute.
    """
    changed = {"trainer": numbers_in(given["trainer"])} if "trainer" in given else {}
    places = given.get("import_from") or [str(home), given["directory"]]
    if not isinstance(places, list) or not all(isinstance(place, str) for place in places):
        return changed  # the sweep's own check says so
    found = dict.fromkeys(str((home / place).resolve()) for place in places)
    return changed | {"import_from": tuple(found)}


def _of_another_kind(raw: dict[str, Any], kind: type[ProgramSweep]) -> list[Problem]:
    """Removes keys that another kind of sweep uses; returns a problem for each."""
    names = [*kind.unused, *(() if kind is ModuleSweep else ("datamodule", "trainer"))]
    other = f"is not for a file with a {kind.kind}"
    rules = {name: training_only(kind) if name in TRAINING_ONLY else other for name in names}
    return [Problem((name,), rule, raw.pop(name)) for name, rule in rules.items() if name in raw]


def training_only(kind: type[ProgramSweep]) -> str:
    """The rule that a key or flag of our own training violates in a sweep of another kind."""
    return f"is for built-in training, which a file with a {kind.kind} does not use"


def program_content(sweep: ProgramSweep) -> dict[str, Any]:
    """The content of a file that loads as an equal sweep, without its parameters' values."""
    unused = {"parameters", "paths", *sweep.unused}
    content = sweep.model_dump(mode="json", exclude_none=True, exclude=unused)
    if isinstance(sweep, ModuleSweep):
        content["trainer"] = sweep.trainer  # where null is a value too
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
