"""Parameters of a program's sweep file: any names, any values, and W&B's nested groups."""

from collections.abc import Iterator, Sequence
from typing import Any

from tune_mc1.config.conditions import with_standard_names
from tune_mc1.config.field_types import number_of
from tune_mc1.config.fields import exponent_problems, read_distribution
from tune_mc1.config.parameters import (
    Categorical,
    Constant,
    Parameter,
    WeightedCategorical,
    distinct,
    repeat_notices,
    with_value,
)
from tune_mc1.config.problems import Path as KeyPath
from tune_mc1.config.problems import Problem, show_path
from tune_mc1.config.range_text import read_range
from tune_mc1.config.set_text import read_value, split_values


def read_program_parameters(
    raw: Any, overrides: Sequence[str] = ()
) -> tuple[dict[str, Parameter], dict[str, tuple[str, ...]], list[Problem], list[str]]:
    """Reads the `parameters` of a file with a program.

    Args:
        raw: The mapping in the file.
        overrides: Items `name=value[,value...]`, each of which replaces a parameter.

    Returns:
        Parameters by name, dotted in nested groups; the keys that lead to those of groups; problems
        of the file; and notices.
    """
    replaced = dict(map(_override, overrides))
    parameters: dict[str, Parameter] = {}
    places: dict[str, KeyPath] = {}
    problems: list[Problem] = []
    notices: list[str] = []
    if not isinstance(raw, dict) or not raw:
        if raw or not replaced:
            rule = "must be a mapping such as `{lr: {values: [0.01, 0.03]}}`"
            problems.append(Problem(("parameters",), rule, raw))
        raw = {}
    for keys, entry in _leaves(raw, ()):
        name, path = ".".join(keys), _file_path(keys)
        if name in places:
            rule = f"{name} is given twice, here and as {show_path(places[name])}"
            problems.append(Problem(path, rule))
            continue
        places[name] = path
        parameter, found = read_distribution(keys[-1], entry, path)
        if parameter is not None:
            parameter, _ = with_standard_names(parameter, path, str, lambda _, v: numbers_in(v))
        problems += found
        if parameter is not None and not found:
            problems += exponent_problems(parameter, path)
            parameters[name] = _with_numbers(parameter)
            notices += repeat_notices(show_path(path), entry, parameters[name])
    paths = {".".join(keys): keys for keys, _ in _leaves(raw, ()) if len(keys) > 1}
    parameters |= replaced
    return parameters, {n: k for n, k in paths.items() if n in parameters}, problems, notices


def nest(flat: dict[str, Any], paths: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    """The mapping `parameters` of a file, with its groups."""
    nested: dict[str, Any] = {}
    for name, entry in flat.items():
        *groups, last = paths.get(name, (name,))
        place = nested
        for group in groups:
            place = place.setdefault(group, {"parameters": {}})["parameters"]
        place[last] = entry
    return nested


def _file_path(keys: tuple[str, ...]) -> KeyPath:
    inner = [part for key in keys for part in ("parameters", key)]
    return tuple(inner)


def _leaves(group: dict[str, Any], above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, entry in group.items():
        nested = entry.get("parameters") if isinstance(entry, dict) else None
        if isinstance(nested, dict) and len(entry) == 1:
            yield from _leaves(nested, (*above, name))
        else:
            yield (*above, name), entry


def _override(item: str) -> tuple[str, Parameter]:
    name, equals, text = item.partition("=")
    name = name.strip()
    if not equals or not name:
        raise ValueError(f"--set: must be name=value[,value...], got {item!r}")
    try:
        drawn = read_range(text)
        values = [] if drawn else [numbers_in(read_value(piece)) for piece in split_values(text)]
    except ValueError as error:
        raise ValueError(f"--set {name}: {error}, got {text!r}") from None
    if not drawn:
        one = Constant(value=values[0])
        return name, one if len(values) == 1 else Categorical(values=tuple(values))
    parameter, problems = read_distribution(name, drawn, (name,))
    if parameter is None or problems:
        raise ValueError(f"--set {problems[0]}")
    return name, parameter


def _with_numbers(parameter: Parameter) -> Parameter:
    """Reads `1e-5` as a number, and drops values that are listed twice, as W&B does."""
    if isinstance(parameter, Constant):
        return with_value(parameter, numbers_in(parameter.value))
    if isinstance(parameter, WeightedCategorical):
        return parameter.model_copy(update={"values": tuple(map(numbers_in, parameter.values))})
    if not isinstance(parameter, Categorical):
        return parameter
    values = tuple(distinct(map(numbers_in, parameter.values)))
    return parameter.model_copy(update={"values": values})


def numbers_in(value: Any) -> Any:
    """Reads `1e-5` as a number, also within lists and mappings."""
    if isinstance(value, list):
        return [numbers_in(item) for item in value]
    if isinstance(value, dict):
        return {key: numbers_in(item) for key, item in value.items()}
    return number_of(value)
