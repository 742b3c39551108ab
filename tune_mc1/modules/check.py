"""Everything about a module's sweep that can be wrong, found before anything starts."""

import inspect
import typing
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import torch

from tune_mc1.config.module_sweep import ModuleSweep, workers_of
from tune_mc1.config.problems import Problem
from tune_mc1.config.user_code import look_in
from tune_mc1.errors import did_you_mean
from tune_mc1.modules.arguments import ArgumentError, Arguments
from tune_mc1.modules.classes import ClassError, import_classes, name_of
from tune_mc1.modules.devices import gpu_problem, refusal, reserved
from tune_mc1.modules.forms import is_by_hand
from tune_mc1.modules.hyperparameters import code_in_hyperparameters
from tune_mc1.modules.late_average import late_averages
from tune_mc1.modules.routes import RouteError, places_of

SIMILAR = 0.85
"""Similarity of names of which one is probably a slip of the other, where any name is allowed."""

MOST_CHECKED = 200
"""Settings whose values are checked in advance; a mistake in a later one fails its trial."""


def check_module(
    sweep: ModuleSweep,
    settings: Sequence[Mapping[str, Any]],
    *,
    here: bool = True,
    trust: bool = False,
) -> tuple[list[Problem], list[str]]:
    """Checks classes, parameters and the trainer's arguments.

    The user's modules are imported, but nothing of them is created.

    Args:
        sweep: The sweep.
        settings: Values of its trials, as far as they are planned.
        here: Whether trials run on this machine.
        trust: Whether checkpoints may hold more than data.

    Returns:
        The problems; and notices, if there are none.
    """
    look_in(sweep.import_from)
    try:
        classes = import_classes(sweep.module, sweep.datamodule)
    except ClassError as error:
        return [Problem((error.field,), str(error), getattr(sweep, error.field))], []
    arguments = Arguments(classes, sweep.trainer)
    problems = [
        *_trainer_problems(sweep, arguments),
        *_route_problems(sweep, arguments),
        *_problems_by_hand(sweep, arguments),
    ]
    if not problems and (found := gpu_problem(sweep, _gpu_share(sweep, here=here))) is not None:
        problems = [found]
    problems = problems or list(_value_problems(arguments, settings))
    if problems:
        return problems, []
    first = next(iter(settings), {})
    parsed = arguments.parse(first)
    code = [] if trust else code_in_hyperparameters(arguments, parsed)
    late = late_averages(parsed.trainer.callbacks)
    return [], [*_notices(sweep, arguments), *late, *code]


def _gpu_share(sweep: ModuleSweep, *, here: bool) -> float:
    """GPUs of each worker of a trial, as far as that is known; 1 where it is not."""
    if sweep.resources is not None:
        return sweep.resources.gpu
    return 1.0 if not here or torch.cuda.is_available() else 0.0


def _trainer_problems(sweep: ModuleSweep, arguments: Arguments) -> Iterator[Problem]:
    known = arguments.takes["trainer"]
    for name, value in sweep.trainer.items():
        if name not in known:
            rule = f"is no argument{did_you_mean(name, known)} of {signature_of_trainer(known)}"
            yield Problem(("trainer", name), rule, value)
        elif found := reserved(name, value, workers_of(sweep)):
            yield Problem(("trainer", name), found, value)


_AUTOMATIC_ONLY = {"gradient_clip_val": (None, 0), "accumulate_grad_batches": (1,)}
"""Arguments of the trainer that are for automatic optimisation, with the values that do nothing."""


def _problems_by_hand(sweep: ModuleSweep, arguments: Arguments) -> Iterator[Problem]:
    """Arguments of the trainer that are not for a module that steps its optimisers itself."""
    if not is_by_hand(arguments.classes.module):
        return
    name = name_of(arguments.classes.module)
    for argument, idle in _AUTOMATIC_ONLY.items():
        full = f"trainer.{argument}"
        varied = sweep.values_of(full) if full in sweep.parameters else None
        path = ("parameters", full) if varied else ("trainer", argument)
        for value in varied or [sweep.trainer.get(argument, idle[0])]:
            if value not in idle:
                rule = f"is not for {name}, whose optimization is not automatic"
                yield Problem(path, rule, value)
                break


def signature_of_trainer(known: Sequence[str]) -> str:
    """The trainer with the names of its arguments."""
    return f"Trainer({', '.join(known)})"


def _route_problems(sweep: ModuleSweep, arguments: Arguments) -> Iterator[Problem]:
    for name in sweep.parameters:
        try:
            places = places_of(name, arguments.takes, arguments.anything)
        except RouteError as error:
            inside = _inside(name, arguments)
            rule = f"{error}{inside} ({_signatures_for(name, arguments)})"
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


def _inside(name: str, arguments: Arguments) -> str:
    """Hint at the only argument that a module needs, if that may hold others: `args.lr`."""
    try:
        own = inspect.signature(arguments.classes.module).parameters.values()
    except (TypeError, ValueError):
        return ""
    needed = [
        p for p in own if p.default is p.empty and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
    ]
    holds = len(needed) == 1 and "." not in name and _holds(needed[0].annotation)
    return f"; write {needed[0].name}.{name} for a value within it" if holds else ""


def _holds(annotation: Any) -> bool:
    """Whether an argument may be a mapping, or an object of arguments, by its declaration."""
    kind = typing.get_origin(annotation) or annotation
    known = (inspect.Parameter.empty, Any, dict, Namespace, Mapping)
    return kind in known or str(kind).partition("[")[0] in ("dict", "Dict", "Namespace")


def _signatures_for(name: str, arguments: Arguments) -> str:
    """The signatures that a parameter may have been meant for."""
    part, dot, _ = name.partition(".")
    if not dot or part not in arguments.takes:
        return arguments.signatures
    if part == "trainer":
        return signature_of_trainer(arguments.takes[part])
    return arguments.signature(part)


def _value_problems(
    arguments: Arguments, settings: Sequence[Mapping[str, Any]]
) -> Iterator[Problem]:
    seen, trainers = set(), set()
    for values in settings[:MOST_CHECKED] or [{}]:
        try:
            parsed = vars(arguments.parse(values).trainer)
            if (key := repr(parsed)) in trainers:
                continue
            trainers.add(key)
            text = refusal(parsed)
            path: tuple[str, ...] = ("trainer",)
        except (ArgumentError, RouteError) as error:
            text, path = str(error), ("parameters",)
            if text.startswith("trainer."):
                key, _, text = text.partition(": ")
                path = (key,)
        if text is not None and text not in seen:
            seen.add(text)
            yield Problem(path, text)


def _notices(sweep: ModuleSweep, arguments: Arguments) -> Iterator[str]:
    unnamed: dict[str, list[str]] = {}
    for name in sweep.parameters:
        places = places_of(name, arguments.takes, arguments.anything)
        if len(places) > 1:
            yield (
                f"parameters.{name}: goes to both {arguments.signatures}; write "
                f"{' or '.join(places)} for one of them"
            )
        for part, _, inner in (place.partition(".") for place in places):
            if part in arguments.anything and inner.partition(".")[0] not in arguments.takes[part]:
                unnamed.setdefault(part, []).append(name)
    for part, names in unnamed.items():
        one = arguments.signature(part)
        similar = [get_close_matches(n, arguments.takes[part], 1, SIMILAR) for n in names]
        meant = "".join(f", did you mean {near[0]!r}?" for near in similar if near)
        yield f"parameters: {', '.join(names)}: not checked, as {one} takes any name{meant}"
