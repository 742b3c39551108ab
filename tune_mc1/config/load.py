"""Sweep files: from YAML to a validated sweep, reporting all mistakes at once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from tune_mc1.config.early_terminate import model_of
from tune_mc1.config.fields import read_parameter
from tune_mc1.config.load_program import (
    is_program,
    program_content,
    program_parameters,
    read_program_sweep,
)
from tune_mc1.config.notices import (
    drop_unused,
    early_notices,
    metric_notices,
    parameter_notices,
    read_cnn_as_cnn8,
)
from tune_mc1.config.parameters import Parameter
from tune_mc1.config.problems import Path as KeyPath
from tune_mc1.config.problems import Problem, problems_of, show_path
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.reference import Reference
from tune_mc1.config.sweep import Objective, Resources, Sweep
from tune_mc1.config.validation import Folds, Holdout
from tune_mc1.config.yaml_file import YamlFile, read_scalar, read_yaml
from tune_mc1.errors import InputError

MAX_MESSAGES = 50


@dataclass(frozen=True)
class LoadedSweep:
    """A sweep read from a file, and notices for the user.

    Attributes:
        sweep: The validated sweep.
        notices: Lines about content that is ignored or interpreted differently.
    """

    sweep: Sweep
    notices: list[str]


def load_sweep(
    path: Path, *, overrides: Sequence[str] = (), program: str | None = None
) -> LoadedSweep:
    """Reads and validates a W&B sweep file.

    Args:
        path: The YAML file.
        overrides: Items `name=value[,value...]`, each of which replaces a parameter of the file.
        program: Program to run instead of the file's.

    Raises:
        InputError: If the file is not valid; with one line per mistake.
    """
    file = read_yaml(Path(path))
    raw = dict(file.content)
    if program is not None:
        raw["program"] = program
    if is_program(raw):
        return _load_program(file, raw, overrides)
    replaced, messages = _read_overrides(overrides)
    notices = drop_unused(raw) + early_notices(raw.get("early_terminate"))
    raw_parameters = raw.pop("parameters", None)
    parameters, problems = _read_parameters(raw_parameters, set(replaced))
    parameters |= replaced
    notices += read_cnn_as_cnn8(parameters) + parameter_notices(parameters)
    problems = _with_way_out(problems) + file.problems
    try:
        sweep = Sweep.model_validate({**raw, "parameters": parameters})
        if not messages and not any("epochs" in problem.path for problem in problems):
            problems += filter(None, [sweep.early_problem])
    except ValidationError as error:
        problems += [_untagged(problem) for problem in problems_of(error, _keys(raw))]
    if problems or messages:
        raise InputError([*_in_order(file, problems), *messages])
    return LoadedSweep(sweep, notices + metric_notices(raw.get("metric"), sweep.metric))


def _load_program(file: YamlFile, raw: dict[str, Any], overrides: Sequence[str]) -> LoadedSweep:
    read = read_program_sweep(raw, overrides)
    problems = [*file.problems, *read.problems]
    if read.sweep is None or problems:
        raise InputError([*_in_order(file, problems), *read.messages])
    return LoadedSweep(read.sweep, read.notices)


def load_program_content(
    source: Path, content: Mapping[str, Any], *, overrides: Sequence[str] = ()
) -> LoadedSweep:
    """Validates a program's sweep that was not read from a file.

    Args:
        source: Where it comes from, for messages.
        content: What the file would contain.
        overrides: As in `load_sweep`.

    Raises:
        InputError: If it is not valid; with one line per mistake.
    """
    return _load_program(YamlFile(source, dict(content), {}, []), dict(content), overrides)


def sweep_of(overrides: Sequence[str]) -> Sweep:
    """Builds a sweep without a file, from items `name=value[,value...]` alone.

    Raises:
        InputError: If an item is not valid; with one line per mistake.
    """
    parameters, messages = _read_overrides(overrides)
    if messages:
        raise InputError(messages)
    return Sweep(method="grid", parameters=parameters)


def config_to_yaml(sweep: Sweep) -> str:
    """Serialises a sweep to YAML that loads as an equal sweep."""
    # A constant may be null, so only the q that a distribution lacks is left out here.
    parameters = {
        name: {k: v for k, v in parameter.model_dump(mode="json").items() if (k, v) != ("q", None)}
        for name, parameter in sweep.parameters.items()
    }
    if isinstance(sweep, ProgramSweep):
        content = program_content(sweep)
        content["parameters"] = program_parameters(sweep, parameters)
    else:
        content = sweep.model_dump(mode="json", exclude_none=True, exclude={"parameters"})
        content["parameters"] = parameters
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    if "\x85" in text:  # PyYAML writes this character as is, but reads it as a line break
        text = yaml.safe_dump(content, sort_keys=False)
    return text


def _with_way_out(problems: list[Problem]) -> list[Problem]:
    """Adds to the first parameter that is none of ours how the user's own program is run."""
    for i, problem in enumerate(problems):
        if problem.rule.startswith("unknown parameter (known"):  # resembles none of ours
            rule = f"{problem.rule}; parameters of your own program need its path as `program`"
            return [*problems[:i], replace(problem, rule=rule), *problems[i + 1 :]]
    return problems


def _keys(raw: dict[str, Any]) -> dict[KeyPath, Iterable[str]]:
    """Valid keys of each mapping of a file, by its path."""
    early = model_of(raw.get("early_terminate"))
    return {
        (): Sweep.model_fields,
        ("metric",): Objective.model_fields,
        ("early_terminate",): early.model_fields if early is not None else (),
        ("resources",): Resources.model_fields,
        ("reference",): Reference.model_fields,
        ("validation", "holdout"): Holdout.model_fields,
        ("validation", "folds"): Folds.model_fields,
    }


def _untagged(problem: Problem) -> Problem:
    """Removes the tag that pydantic adds to the path for the chosen form of `validation`."""
    if problem.path[:1] != ("validation",):
        return problem
    rule = problem.rule
    if len(problem.path) == 2:
        rule = "must be `{holdout: 0.1}`, `{folds: 10}` or `test`"
    return Problem(("validation", *problem.path[2:]), rule, problem.value)


def _in_order(file: YamlFile, problems: list[Problem]) -> list[str]:
    ordered = sorted(problems, key=lambda problem: file.line(problem.path))
    lines = [file.message(problem) for problem in ordered[:MAX_MESSAGES]]
    more = len(ordered) - len(lines)
    return lines + ([f"{file.path}: and {more} more mistakes"] if more else [])


def _read_parameters(raw: Any, skip: set[str]) -> tuple[dict[str, Parameter], list[Problem]]:
    """Reads all parameters of the file except those to `skip`, with nested groups flattened."""
    here: KeyPath = ("parameters",)
    if not raw and skip:
        return {}, []
    if not isinstance(raw, dict) or not raw:
        rule = "must be a mapping such as `{learning_rate: {values: [0.01, 0.03]}}`"
        return {}, [Problem(here, rule, raw)]
    parameters: dict[str, Parameter] = {}
    problems: list[Problem] = []
    places: dict[str, KeyPath] = {}
    for path, entry in _leaves(raw, here):
        name = str(path[-1])
        if name in skip:
            continue
        if name in places:
            rule = f"{name} is given twice, here and as {show_path(places[name])}"
            problems.append(Problem(path, rule))
            continue
        places[name] = path
        parameter, found = read_parameter(name, entry, path)
        problems += found
        if parameter is not None:
            parameters[name] = parameter
    return parameters, problems


def _leaves(group: dict[str, Any], path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    """Yields every parameter, including those in W&B's nested groups, under its own name."""
    for name, entry in group.items():
        nested = entry.get("parameters") if isinstance(entry, dict) and len(entry) == 1 else None
        if isinstance(nested, dict):
            yield from _leaves(nested, (*path, name, "parameters"))
        else:
            yield (*path, name), entry


def _read_overrides(items: Sequence[str]) -> tuple[dict[str, Parameter], list[str]]:
    parameters: dict[str, Parameter] = {}
    messages: list[str] = []
    for item in items:
        name, equals, text = item.partition("=")
        name = name.strip()
        try:
            values = [read_scalar(piece) for piece in text.split(",")]
        except ValueError as error:
            messages.append(f"--set {name}: {error}, got {text!r}")
            continue
        if not equals or not name or not all(piece.strip() for piece in text.split(",")):
            messages.append(f"--set: must be name=value[,value...], got {item!r}")
            continue
        raw = {"value": values[0]} if len(values) == 1 else {"values": values}
        parameter, found = read_parameter(name, raw, (name,))
        messages += [f"--set {Problem((name,), p.rule, p.value)}" for p in found]
        if name in parameters:
            messages.append(f"--set {name}: is given twice")
        if parameter is not None:
            parameters[name] = parameter
    return parameters, messages
