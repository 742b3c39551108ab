"""Everything about a module's sweep that can be wrong, found before anything starts."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tune_mc1.config.module_sweep import ModuleSweep, workers_of
from tune_mc1.config.problems import Problem
from tune_mc1.config.user_code import look_in
from tune_mc1.errors import did_you_mean
from tune_mc1.modules.arguments import ArgumentError, Arguments
from tune_mc1.modules.classes import ClassError, Classes, import_classes, signature
from tune_mc1.modules.routes import RouteError, places_of
from tune_mc1.modules.trainer import reserved

MOST_CHECKED = 200
"""Settings whose values are checked in advance; a mistake in a later one fails its trial."""


def check_module(
    sweep: ModuleSweep, settings: Sequence[Mapping[str, Any]]
) -> tuple[list[Problem], list[str]]:
    """Checks classes, parameters and the trainer's arguments.

    The user's modules are imported, but nothing of them is created.

    Args:
        sweep: The sweep.
        settings: Values of its trials, as far as they are planned.

    Returns:
        The problems; and notices, if there are none.
    """
    look_in(sweep.import_from)
    try:
        classes = import_classes(sweep.module, sweep.datamodule)
    except ClassError as error:
        return [Problem((error.field,), str(error), getattr(sweep, error.field))], []
    arguments = Arguments(classes, sweep.trainer)
    problems = [*_trainer_problems(sweep, arguments), *_route_problems(sweep, arguments)]
    problems = problems or list(_value_problems(arguments, settings))
    return problems, [] if problems else list(_notices(sweep, classes, arguments))


def _trainer_problems(sweep: ModuleSweep, arguments: Arguments) -> Iterator[Problem]:
    known = arguments.takes["trainer"]
    for name, value in sweep.trainer.items():
        if name not in known:
            rule = f"is no argument{did_you_mean(name, known)} of {signature_of_trainer(known)}"
            yield Problem(("trainer", name), rule, value)
        elif found := reserved(name, value, workers_of(sweep)):
            yield Problem(("trainer", name), found, value)


def signature_of_trainer(known: Sequence[str]) -> str:
    """The trainer with the names of its arguments."""
    return f"Trainer({', '.join(known)})"


def _route_problems(sweep: ModuleSweep, arguments: Arguments) -> Iterator[Problem]:
    for name in sweep.parameters:
        try:
            places = places_of(name, arguments.takes)
        except RouteError as error:
            rule = f"{error} ({_signatures_for(name, arguments)})"
            yield Problem(("parameters", name), rule)
            continue
        for place in places:
            part, _, argument = place.partition(".")
            if part != "trainer":
                continue
            rule = reserved(argument, None, workers_of(sweep), varied=True) or ""
            if argument in sweep.trainer:
                rule = f"is also set in trainer.{argument}"
            if rule:
                yield Problem(("parameters", name), rule)


def _signatures_for(name: str, arguments: Arguments) -> str:
    """The signatures that a parameter may have been meant for."""
    part, dot, _ = name.partition(".")
    if not dot or part not in arguments.takes:
        return arguments.classes.signatures
    if part == "trainer":
        return signature_of_trainer(arguments.takes[part])
    return signature(arguments.classes.parts[part])


def _value_problems(
    arguments: Arguments, settings: Sequence[Mapping[str, Any]]
) -> Iterator[Problem]:
    seen = set()
    for values in settings[:MOST_CHECKED] or [{}]:
        try:
            arguments.parse(values)
        except (ArgumentError, RouteError) as error:
            if (text := str(error)) not in seen:
                seen.add(text)
                path = ("trainer",) if text.startswith("trainer.") else ("parameters",)
                yield Problem(path, text)


def _notices(sweep: ModuleSweep, classes: Classes, arguments: Arguments) -> Iterator[str]:
    for name in sweep.parameters:
        if len(places := places_of(name, arguments.takes)) > 1:
            yield (
                f"parameters.{name}: goes to both {classes.signatures}; write "
                f"{' or '.join(places)} for one of them"
            )
