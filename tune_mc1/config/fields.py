"""Parameters of a sweep, each validated against the matching field of a trial."""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Annotated, Any

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from tune_mc1.config.distribution_keys import DISTRIBUTION_KEYS
from tune_mc1.config.distributions import Range
from tune_mc1.config.field_types import number_of
from tune_mc1.config.parameters import (
    Categorical,
    Constant,
    IntUniform,
    Parameter,
    SameAs,
    WeightedCategorical,
    distinct,
    with_value,
)
from tune_mc1.config.problems import Path, Problem, problems_of, unknown_key
from tune_mc1.config.trial import core_fields, trial_fields
from tune_mc1.config.trial_parameters import kinds
from tune_mc1.errors import did_you_mean

_PARAMETER: TypeAdapter[Parameter] = TypeAdapter(Parameter)


@lru_cache
def _adapter(field: FieldInfo) -> TypeAdapter[Any]:
    kind: Any = Annotated[field.annotation, field]
    return TypeAdapter(kind, config=ConfigDict(allow_inf_nan=False))


def parameter_kinds(name: str) -> set[Any]:
    """Types that a trial parameter accepts."""
    return kinds(trial_fields()[name].annotation)


def coerce(name: str, value: Any) -> Any:
    """Converts a value to the form stored in a trial: `'1e-3'` to 0.001, `best CNN` to CNN8.

    Args:
        name: Name of a trial parameter.
        value: The value in the file.

    Raises:
        ValidationError: If the value is not valid for the parameter.
    """
    coerced = _adapter(trial_fields()[name]).validate_python(value)
    # This alias implies more than the model: the trial resolves it to CNN on one batch.
    singlebatch = name == "model" and str(value).lower() == "cnn_singlebatch"
    return "CNN_singlebatch" if singlebatch else coerced


def read_parameter(name: str, raw: Any, path: Path) -> tuple[Parameter | None, list[Problem]]:
    """Parses and validates one entry of `parameters`.

    Args:
        name: Name of the parameter.
        raw: Its mapping in the file.
        path: Its location in the file.

    Returns:
        The parameter (None if invalid) and all problems found.
    """
    if name not in (known := trial_fields()):
        return None, [unknown_key(path, known, "unknown parameter", core_fields())]
    if int in parameter_kinds(name) and isinstance(raw, dict):
        raw = raw | {key: _whole_of(raw[key]) for key in ("min", "max") if key in raw}
    parameter, problems = read_distribution(name, raw, path)
    return (None, problems) if parameter is None else check_parameter(name, parameter, path)


def _whole_of(bound: Any) -> Any:
    """A bound such as `1e1` as an integer, so that integers are drawn; any other as it is."""
    number = number_of(bound)
    whole = number is not bound and number.is_integer()
    return int(number) if whole else bound


def read_distribution(name: str, raw: Any, path: Path) -> tuple[Parameter | None, list[Problem]]:
    """Parses one entry of `parameters`, whatever its name and values.

    Args:
        name: Name of the parameter.
        raw: Its mapping in the file.
        path: Its location in the file.

    Returns:
        The parameter (None if invalid) and all problems found.
    """
    if not isinstance(raw, dict):
        example = (
            f"{name}: {{values: [...]}}" if isinstance(raw, list) else f"{name}: {{value: {raw}}}"
        )
        return None, [Problem(path, f"must be a mapping such as `{example}`", raw)]
    try:
        return _PARAMETER.validate_python(raw), []
    except ValidationError as error:
        return None, _form_problems(error, raw, path)


def _form_problems(error: ValidationError, raw: dict[str, Any], path: Path) -> list[Problem]:
    """Problems with the keys; pydantic's paths begin with the name of the distribution."""
    kind = error.errors()[0]["type"]
    if kind == "union_tag_not_found":
        return [Problem(path, "needs value, values, min and max, or a distribution", raw)]
    if kind == "union_tag_invalid":
        known, name = list(DISTRIBUTION_KEYS), raw["distribution"]
        hint = did_you_mean(str(name), known) or f" (known: {', '.join(known)})"
        return [Problem((*path, "distribution"), f"unknown distribution{hint}", name)]
    return [_without_tag(problem, path) for problem in problems_of(error)]


def _without_tag(problem: Problem, path: Path) -> Problem:
    tag, where = str(problem.path[0]), (*path, *problem.path[1:])
    if problem.rule.startswith("unknown key"):
        keys = ", ".join(DISTRIBUTION_KEYS[tag])
        return Problem(where, f"is not a key of distribution {tag} (its keys: {keys})")
    if problem.rule == "is required":
        return Problem(where, f"is required by distribution {tag}")
    return replace(problem, path=where)


def check_parameter(
    name: str, parameter: Parameter, path: Path
) -> tuple[Parameter | None, list[Problem]]:
    """Validates a typed parameter and coerces its values to the type of the trial's field.

    Args:
        name: Name of a trial parameter.
        parameter: Its values or distribution.
        path: Its location in the file.

    Returns:
        The parameter (None if invalid) and all problems found.
    """
    if isinstance(parameter, Constant):
        values, problems = _coerce_all(name, [parameter.value], [(*path, "value")])
        return (None, problems) if problems else (with_value(parameter, values[0]), [])
    if isinstance(parameter, Categorical | WeightedCategorical):
        places = [(*path, "values", i) for i in range(len(parameter.values))]
        values, problems = _coerce_all(name, parameter.values, places)
        if problems:
            return None, problems
        if isinstance(parameter, Categorical):
            values = distinct(values)
        return parameter.model_copy(update={"values": tuple(values)}), []
    if isinstance(parameter, SameAs):
        return parameter, []
    problems = [*_range_problems(name, parameter, path)]
    if not problems:
        problems += exponent_problems(parameter, path)
    return (None, problems) if problems else (parameter, [])


def _coerce_all(name: str, values: Any, places: list[Path]) -> tuple[list[Any], list[Problem]]:
    coerced: list[Any] = []
    problems: list[Problem] = []
    for place, value in zip(places, values, strict=True):
        try:
            coerced.append(coerce(name, value))
        except ValidationError as error:
            problems += [Problem(place, p.rule, value) for p in problems_of(error)[:1]]
    return coerced, problems


def _range_problems(name: str, parameter: Parameter, path: Path) -> Iterator[Problem]:
    found = parameter_kinds(name)
    distribution = parameter.distribution
    if not found & {int, float}:
        yield Problem(path, f"{name} is not numeric; list its values instead", distribution)
        return
    quantum = getattr(parameter, "q", None)
    if int in found and not isinstance(parameter, IntUniform):
        if quantum is None:
            rule = f"{name} is an integer; use int_uniform or one of the q_ distributions"
            yield Problem((*path, "distribution"), rule, distribution)
            return
        if quantum % 1:
            yield Problem((*path, "q"), f"must be an integer, as {name} is", quantum)
            return
    if distribution != "q_uniform":  # the only one of which a grid has other values
        yield from end_problems(name, parameter, path)


def end_problems(name: str, parameter: Parameter, path: Path) -> Iterator[Problem]:
    """Least and largest value that a search draws, if they are not valid.

    Args:
        name: Name of a trial parameter.
        parameter: Its values or distribution.
        path: Its location in the file.
    """
    if not isinstance(parameter, Range | IntUniform) or parameter.ends is None:
        return
    for key, end in zip(("min", "max"), parameter.ends, strict=True):
        try:
            coerce(name, end)
        except ValidationError as error:
            written = getattr(parameter, key)
            rule = problems_of(error)[0].rule
            if isinstance(parameter, Range) and parameter.in_exponents:
                rule += (
                    f" ({parameter.distribution} takes exponents of e, so this bound is "
                    f"{end:.4g}; {parameter.distribution}_values takes values)"
                )
            elif end != written and getattr(parameter, "q", None):
                rule += f" (rounded to a multiple of q: {end:g})"
            yield Problem((*path, key), rule, written)
    if isinstance(parameter, Range) and parameter.zero is not None:
        try:
            coerce(name, parameter.nothing)
        except ValidationError as error:
            rule = f"draws 0, and {name} {problems_of(error)[0].rule}"
            yield Problem((*path, "zero"), rule, parameter.zero)


def exponent_problems(parameter: Parameter, path: Path) -> Iterator[Problem]:
    """Bounds of log_uniform that are plainly values: from 0 up to at most 1."""
    if not isinstance(parameter, Range) or not parameter.in_exponents:
        return
    if parameter.min >= 0 and parameter.max <= 1:
        low, high = parameter.bounds
        yield Problem(
            (*path, "distribution"),
            f"takes exponents of e, so these bounds mean {low:.4g} to {high:.4g}; write "
            f"{parameter.distribution}_values for bounds that are values",
            parameter.distribution,
        )
