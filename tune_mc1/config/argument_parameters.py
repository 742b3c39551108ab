"""Parameters of a sweep that a network's own constructor gets: any names, any values."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from tune_mc1.config import tunable
from tune_mc1.config.aliases import parameter_name
from tune_mc1.config.conditions import with_standard_names
from tune_mc1.config.distributions import Range
from tune_mc1.config.fields import (
    coerce,
    exponent_problems,
    read_distribution,
    read_parameter,
)
from tune_mc1.config.model_names import OPTIONS, is_outside
from tune_mc1.config.parameters import (
    Categorical,
    Constant,
    IntUniform,
    Parameter,
    SameAs,
    WeightedCategorical,
    distinct,
    listed_values,
    with_value,
)
from tune_mc1.config.problems import Path, Problem, problems_of
from tune_mc1.config.program_parameters import numbers_in
from tune_mc1.config.recipe import LISTS
from tune_mc1.config.set_text import read_value, split_values
from tune_mc1.config.trial import trial_fields
from tune_mc1.config.yaml_file import read_scalar


@dataclass(frozen=True)
class ParameterNames:
    """Rules for the names of a sweep's parameters.

    Attributes:
        outside: Whether the sweep has a network from outside, whose constructor may take
            parameters of any name. Other names for the options of a network, such as `dropout`,
            are then names of their own.
    """

    outside: bool = False

    def standard(self, written: str) -> str:
        """The standard name of a parameter."""
        name = parameter_name(written)
        return written if self.outside and name in OPTIONS else name

    def is_argument(self, name: str) -> bool:
        """True for a parameter of a network's own."""
        return (self.outside or name in tunable.OPTIONS) and name not in trial_fields()

    def read(self, name: str, raw: Any, path: Path) -> tuple[Parameter | None, list[Problem]]:
        """Parses and validates one entry of `parameters`; see `fields.read_parameter`."""
        if not self.is_argument(name):
            parameter, problems = read_parameter(name, raw, path)
        else:
            parameter, problems = read_argument(name, raw, path)
            if parameter is not None and not self.outside:
                parameter, problems = _checked(parameter, name, path)
        if parameter is None:
            return None, problems
        parameter, more = with_standard_names(parameter, path, self.standard, self._coerced)
        return parameter, [*problems, *more]

    def _coerced(self, name: str, value: Any) -> Any:
        """The standard form of a value, if the name is known."""
        if name not in trial_fields():
            check = tunable.OPTIONS.get(name, numbers_in)
            return numbers_in(value) if self.outside else check(value)
        try:
            return coerce(name, value)
        except ValidationError as error:
            raise ValueError(problems_of(error)[0].rule) from None

    def values(self, name: str, text: str) -> list[Any]:
        """Values of `--set`, which for some parameters may be lists, or of one's own mappings.

        Raises:
            ValueError: If one cannot be read.
        """
        pieces = list(split_values(text))
        if name in LISTS and len(pieces) > 1 and "[" not in text:
            raise ValueError("must be lists in brackets, such as [1, 2] or [1, 2],[3, 4]")
        read = read_value if self.is_argument(name) or name in LISTS else read_scalar
        return [read(piece) for piece in pieces]


def names_in(raw: Any, overrides: Sequence[str] = ()) -> ParameterNames:
    """The rules for a sweep's parameters, which depend on its networks.

    Args:
        raw: The file's mapping `parameters`.
        overrides: Items `name=value[,value...]`, of which one replaces the file's `model`.
    """
    models: list[Any] = []
    for name, entry in _leaves(raw):
        if isinstance(name, str) and parameter_name(name) == "model" and isinstance(entry, dict):
            listed = entry.get("values")
            models = [entry.get("value"), *(listed if isinstance(listed, list | tuple) else ())]
    for item in overrides:
        name, _, text = item.partition("=")
        if parameter_name(name.strip()) == "model":
            models = [piece.strip() for piece in text.split(",")]
    return ParameterNames(any(map(is_outside, models)))


def _leaves(group: Any) -> Iterator[tuple[Any, Any]]:
    for name, entry in group.items() if isinstance(group, dict) else ():
        nested = entry.get("parameters") if isinstance(entry, dict) and len(entry) == 1 else None
        if isinstance(nested, dict):
            yield from _leaves(nested)
        else:
            yield name, entry


def read_argument(name: str, raw: Any, path: Path) -> tuple[Parameter | None, list[Problem]]:
    """Parses one entry of `parameters` whose values only a network's constructor knows.

    `1e-5` is read as a number. If any of the numbers that it lists is a float, all are.

    Args:
        name: Name of the parameter.
        raw: Its mapping in the file.
        path: Its location in the file.

    Returns:
        The parameter (None if invalid) and all problems found.
    """
    parameter, problems = read_distribution(name, raw, path)
    if parameter is None:
        return None, problems
    problems = list(exponent_problems(parameter, path)) if isinstance(parameter, Range) else []
    if isinstance(parameter, Constant):
        parameter = with_value(parameter, numbers_in(parameter.value))
    if isinstance(parameter, Categorical | WeightedCategorical):
        values = _alike([numbers_in(value) for value in parameter.values])
        if isinstance(parameter, Categorical):
            values = distinct(values)
        parameter = parameter.model_copy(update={"values": tuple(values)})
    problems += _not_plain(parameter, path)
    return (None, problems) if problems else (parameter, [])


def _checked(parameter: Parameter, name: str, path: Path) -> tuple[Parameter | None, list[Problem]]:
    """A parameter of a registered network, with values in their standard form."""
    if isinstance(parameter, SameAs):
        return parameter, []
    check, problems = tunable.OPTIONS[name], []
    values = listed_values(parameter)
    if isinstance(parameter, IntUniform):
        values = (parameter.min, parameter.max)
    if not values:
        rule = f"{name} has listed values or whole numbers; list them, or use int_uniform"
        return None, [Problem(path, rule, parameter.distribution)]
    found = []
    for i, value in enumerate(values):
        try:
            found.append(check(value))
        except ValueError as error:
            problems.append(Problem(_place(parameter, path, i), str(error), value))
    if problems:
        return None, problems
    if isinstance(parameter, Constant):
        return with_value(parameter, found[0]), []
    if isinstance(parameter, IntUniform):
        return parameter, []
    if isinstance(parameter, Categorical):
        found = distinct(found)
    return parameter.model_copy(update={"values": tuple(found)}), []


def _place(parameter: Parameter, path: Path, index: int) -> Path:
    if isinstance(parameter, Constant):
        return (*path, "value")
    if isinstance(parameter, IntUniform):
        return (*path, ("min", "max")[index])
    return (*path, "values", index)


def _alike(values: list[Any]) -> list[Any]:
    kinds = {type(value) for value in values if value is not None}
    if kinds != {int, float}:
        return values
    return [value if value is None else float(value) for value in values]


def _not_plain(parameter: Parameter, path: Path) -> Iterator[Problem]:
    """Values that JSON does not have, such as dates and numbers that are not finite."""
    listed = [getattr(parameter, "value", None), *getattr(parameter, "values", ())]
    for value in listed:
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError):
            yield Problem(path, "must be plain values: finite numbers, text, lists", str(value))
