"""Sweep files: from YAML to a validated sweep, reporting all mistakes at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from tune_mc1.config.aliases import alias_notices, metric_name, parameter_name
from tune_mc1.config.argument_parameters import names_in
from tune_mc1.config.budget import Budget
from tune_mc1.config.commands import keys_with_defaults
from tune_mc1.config.early_stopping import read_early_stopping
from tune_mc1.config.early_terminate import model_of
from tune_mc1.config.image_files import ImageFiles
from tune_mc1.config.load_program import (
    is_program,
    program_content,
    program_parameters,
    read_program_sweep,
)
from tune_mc1.config.model_names import is_own_code
from tune_mc1.config.notices import (
    drop_unused,
    early_notices,
    metric_notices,
    parameter_notices,
    read_cnn_as_cnn8,
)
from tune_mc1.config.objective import Objective
from tune_mc1.config.parameters import listed_values
from tune_mc1.config.problems import Path as KeyPath
from tune_mc1.config.problems import Problem, problems_of
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.reference import Reference
from tune_mc1.config.resources import Resources
from tune_mc1.config.sampler import Sampler
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.training_parameters import in_file_order, read_overrides, read_parameters
from tune_mc1.config.user_code import is_user_code
from tune_mc1.config.validation import Folds, Holdout
from tune_mc1.config.yaml_file import YamlFile, read_yaml
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
    path: Path,
    *,
    overrides: Sequence[str] = (),
    program: str | None = None,
    text: str | None = None,
) -> LoadedSweep:
    """Reads and validates a W&B sweep file.

    Args:
        path: The YAML file.
        overrides: Items `name=value[,value...]`, each of which replaces a parameter of the file.
        program: Program to run instead of the file's.
        text: Content to read in place of the file's; None reads the file.

    Raises:
        InputError: If the file is not valid; with one line per mistake.
    """
    file = read_yaml(Path(path), text)
    raw = dict(file.content)
    if program is not None:
        raw["program"] = program
    if is_program(raw):
        return _load_program(file, raw, overrides)
    raw, early_problems = read_early_stopping(raw)
    names = names_in(raw.get("parameters"), overrides)
    given = read_overrides(overrides, names)
    notices = drop_unused(raw) + early_notices(raw.get("early_terminate"))
    written = read_parameters(raw.pop("parameters", None), set(given.parameters), names)
    raw, metric_aliases = _with_metric(raw)
    parameters = in_file_order(written, given)
    notices += alias_notices([*written.aliases, *metric_aliases, *given.aliases])
    notices += written.notices + given.notices
    notices += read_cnn_as_cnn8(parameters) + parameter_notices(parameters)
    problems = _with_way_out(written.problems) + file.problems + early_problems
    try:
        sweep = _with_places(Sweep.model_validate({**raw, "parameters": parameters}), file.path)
        if not given.messages and not any(map(_of_epochs, problems)):
            problems += filter(None, [sweep.early_problem])
    except ValidationError as error:
        problems += [_untagged(problem) for problem in problems_of(error, _keys(raw))]
    if problems or given.messages:
        raise InputError([*_in_order(file, problems), *given.messages])
    return LoadedSweep(sweep, notices + metric_notices(raw.get("metric"), sweep.metric))


def _with_places(sweep: Sweep, file: Path) -> Sweep:
    """The sweep with absolute directories of the user's code: the file's, and the current one.

    The file of a result directory names them, so that a resumed sweep finds the same code.
    """
    losses = listed_values(sweep.parameters.get("loss_function"))
    if not any(map(is_own_code, sweep.models)) and not any(map(is_user_code, losses)):
        return sweep
    places = [Path(place) for place in sweep.import_from] or [Path(), Path.cwd()]
    found = dict.fromkeys(str((file.parent / place).resolve()) for place in places)
    return sweep.model_copy(update={"import_from": tuple(found)})


def _of_epochs(problem: Problem) -> bool:
    return "epochs" in (parameter_name(str(part)) for part in problem.path)


def _with_metric(raw: dict[str, Any]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The content of a file with the standard name of its metric, and its other name."""
    metric = raw.get("metric")
    name = metric.get("name") if isinstance(metric, dict) else None
    standard = metric_name(name) if isinstance(name, str) else name
    if not isinstance(metric, dict) or standard == name:
        return raw, []
    return raw | {"metric": metric | {"name": standard}}, [(f"metric.name {name}", str(standard))]


def _load_program(file: YamlFile, raw: dict[str, Any], overrides: Sequence[str]) -> LoadedSweep:
    read = read_program_sweep(raw, overrides, str(file.path.absolute().parent))
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


def sweep_of(overrides: Sequence[str]) -> LoadedSweep:
    """Builds a sweep without a file, from items `name=value[,value...]` alone.

    Raises:
        InputError: If an item is not valid; with one line per mistake.
    """
    given = read_overrides(overrides, names_in(None, overrides))
    if given.messages:
        raise InputError(given.messages)
    sweep = Sweep(method="grid", parameters=given.parameters)
    notices = alias_notices(given.aliases) + given.notices
    return LoadedSweep(_with_places(sweep, Path("--set").absolute()), notices)


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
    content |= dict.fromkeys(_nulls(sweep))
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    if "\x85" in text:  # PyYAML writes this character as is, but reads it as a line break
        text = yaml.safe_dump(content, sort_keys=False)
    return text


def _nulls(sweep: Sweep) -> Iterable[str]:
    """Keys whose null means something else than their absence."""
    names = keys_with_defaults(sweep.method)
    return (name for name in names if getattr(sweep, name) is None)


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
        ("sampler",): Sampler.model_fields,
        ("budget",): Budget.model_fields,
        ("reference",): Reference.model_fields,
        ("validation", "holdout"): Holdout.model_fields,
        ("validation", "folds"): Folds.model_fields,
        ("data", "files"): ImageFiles.model_fields,
    }


def _untagged(problem: Problem) -> Problem:
    """Removes the tag that pydantic adds to the path for the chosen form of a field."""
    field = problem.path[0] if problem.path else ""
    if field not in _FORMS:
        return problem
    whole = len(problem.path) == 2
    rule = _FORMS[str(field)] if whole and field == "validation" else problem.rule
    return Problem((field, *problem.path[2:]), rule, problem.value)


_FORMS = {"validation": "must be `{holdout: 0.1}`, `{folds: 10}`, `val` or `test`", "data": ""}


def _in_order(file: YamlFile, problems: list[Problem]) -> list[str]:
    ordered = sorted(problems, key=lambda problem: file.line(problem.path))
    lines = [file.message(problem) for problem in ordered[:MAX_MESSAGES]]
    more = len(ordered) - len(lines)
    return lines + ([f"{file.path}: and {more} more mistakes"] if more else [])
