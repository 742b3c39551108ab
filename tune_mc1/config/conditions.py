"""Conditions (`when`) and ties (`same_as`) of parameters: read from a file, and checked."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tune_mc1.config.distributions import Distribution
from tune_mc1.config.parameters import IntUniform, Parameter, SameAs, listed_values
from tune_mc1.config.problems import Path, Problem
from tune_mc1.config.space import same
from tune_mc1.config.trial import trial_fields
from tune_mc1.errors import did_you_mean

OF_ALL = (
    *("model", "epochs", "batch_size", "learning_rate", "lr_schedule", "optimizer"),
    *("loss_function", "augment", "seed", "device", "precision"),
)
"""Parameters that every trial of our own training has."""


def with_standard_names(
    parameter: Parameter,
    path: Path,
    standard: Callable[[str], str],
    coerced: Callable[[str, Any], Any],
) -> tuple[Parameter, list[Problem]]:
    """A parameter whose condition and tie have standard names and values.

    Args:
        parameter: The parameter.
        path: Its location in the file.
        standard: Gives the standard name of a parameter.
        coerced: Gives the standard form of a parameter's value; the text of a ValueError is the
            rule that it violates.
    """
    found: dict[str, tuple[Any, ...]] = {}
    problems: list[Problem] = []
    for written, wanted in (parameter.when or {}).items():
        values = []
        for value in wanted:
            try:
                values.append(value if value is None else coerced(standard(written), value))
            except ValueError as error:
                problems.append(Problem((*path, "when", written), str(error), value))
        found[standard(written)] = tuple(values)
    update: dict[str, Any] = {"when": found} if found else {}
    if isinstance(parameter, SameAs):
        update["same_as"] = standard(parameter.same_as)
    return parameter.model_copy(update=update), problems


def condition_problems(
    parameters: Mapping[str, Parameter], known: Mapping[str, Any]
) -> list[Problem]:
    """What is wrong with the conditions and ties of a sweep's parameters.

    Args:
        parameters: The sweep's.
        known: Defaults of parameters that trials have without the sweep.
    """
    found: list[Problem] = []
    for name, parameter in parameters.items():
        here = ("parameters", name)
        if isinstance(parameter, SameAs):
            found += _tie_problems(name, parameter, parameters, known)
        for other, wanted in (parameter.when or {}).items():
            where = (*here, "when", other)
            if other not in parameters and other not in known:
                hint = did_you_mean(other, [*parameters, *known])
                found.append(Problem(where, f"is not a parameter{hint}"))
            elif name == other:
                found.append(Problem(where, "must name another parameter"))
            elif wanted and not _possible(parameters.get(other), known.get(other), wanted):
                rule = f"is never so, so that no trial would have {name}"
                found.append(Problem(where, rule, wanted[0] if len(wanted) == 1 else list(wanted)))
        if parameter.when and None in listed_values(parameter):
            rule = "must not list null, which stands for a parameter that a trial does not have"
            found.append(Problem(here, rule))
    return found or _circles(parameters)


def training_problems(parameters: Mapping[str, Parameter]) -> list[Problem]:
    """`condition_problems` of our own training, where every trial has some parameters."""
    known = {name: field.default for name, field in trial_fields().items()}
    found = [
        Problem(("parameters", name, key), f"every trial has {name}")
        for name in OF_ALL
        if (parameter := parameters.get(name)) is not None
        for key, given in (("when", parameter.when), ("same_as", isinstance(parameter, SameAs)))
        if given
    ]
    return found or condition_problems(parameters, known)


def _tie_problems(
    name: str, parameter: SameAs, parameters: Mapping[str, Parameter], known: Mapping[str, Any]
) -> Iterator[Problem]:
    source, where = parameter.same_as, ("parameters", name, "same_as")
    if source == name:
        yield Problem(where, "must name another parameter", source)
    elif source not in parameters and source not in known:
        hint = did_you_mean(source, [*parameters, *known])
        yield Problem(where, f"must name a parameter{hint}", source)


def _possible(parameter: Parameter | None, default: Any, wanted: tuple[Any, ...]) -> bool:
    """Whether a parameter can have one of some values."""
    if parameter is None:
        return any(same(default, each) for each in wanted)
    if isinstance(parameter, SameAs) or (parameter.when and None in wanted):
        return True
    listed = listed_values(parameter)
    if not listed and isinstance(parameter, IntUniform):
        return any(isinstance(w, int) and parameter.min <= w <= parameter.max for w in wanted)
    if not listed:
        return bool(getattr(parameter, "zero", None)) and any(same(0.0, w) for w in wanted)
    return any(same(value, each) for value in listed for each in wanted)


def _circles(parameters: Mapping[str, Parameter]) -> list[Problem]:
    def needs(name: str) -> Iterator[str]:
        parameter: Distribution = parameters[name]
        yield from (other for other in parameter.when or () if other in parameters)
        if isinstance(parameter, SameAs) and parameter.same_as in parameters:
            yield parameter.same_as

    for name in parameters:
        seen, left = set(), list(needs(name))
        while left:
            if (other := left.pop()) == name:
                key = "same_as" if isinstance(parameters[name], SameAs) else "when"
                rule = "depends on itself, by way of another parameter"
                return [Problem(("parameters", name, key), rule)]
            if other not in seen:
                seen.add(other)
                left += needs(other)
    return []
