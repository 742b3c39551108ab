"""Registered sweep flags as command-line options."""

import inspect
from collections.abc import Callable, Mapping
from keyword import iskeyword
from typing import Annotated, Any

import typer
from typer.models import OptionInfo

from tune_mc1.cli.options import Overrides
from tune_mc1.errors import InputError
from tune_mc1.planning.flags import FLAGS, PlanFlags, SweepFlag, option


def with_flags(command: Callable[..., None], **annotations: Any) -> Callable[..., None]:
    """Adds `--set` and an option per registered flag to a command.

    Args:
        command: Function with a parameter `flags` of type `PlanFlags`, which the options replace.
        annotations: Annotations of other parameters that are only known once plugins are loaded.

    Returns:
        A function whose signature Typer reads.

    Raises:
        InputError: If a plugin's flag has the name of an existing option or cannot be a name, or
            the plugin cannot be imported.
    """
    own = inspect.signature(command).parameters
    parameters: list[inspect.Parameter] = []
    for name, parameter in own.items():
        if name == "flags":
            parameters += _options(command.__name__, own)
        else:
            annotation = annotations.get(name, parameter.annotation)
            parameters.append(parameter.replace(annotation=annotation))

    def run(**values: Any) -> None:
        given = {name: values.pop(name) for name in ("overrides", *FLAGS)}
        command(**values, flags=PlanFlags.of(**given))

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return run


def _options(command: str, own: Mapping[str, inspect.Parameter]) -> list[inspect.Parameter]:
    options = [_parameter("overrides", Overrides)]
    taken = {"-h", "--help", *(s for p in (*own.values(), *options) for s in _spellings(p))}
    for name, flag in FLAGS.items():
        if not name.isidentifier() or iskeyword(name):
            raise InputError(f"plugin flag {name!r}: must be a name in snake case")
        parameter = _parameter(name, Annotated[flag.type | None, _typer_option(name, flag)])
        spellings = _spellings(parameter)
        if both := sorted(spellings & taken, reverse=True):
            raise InputError(f"plugin flag {option(name)}: `{command}` already has {both[0]}")
        taken |= spellings
        options.append(parameter)
    return options


def _spellings(parameter: inspect.Parameter) -> set[str]:
    """A parameter's name as an option, and the spellings that its annotation declares."""
    infos = getattr(parameter.annotation, "__metadata__", ())
    options = (info for info in infos if isinstance(info, OptionInfo))
    # within Annotated, the first spelling is in the place of a default
    declared = (word for info in options for word in (info.default, *(info.param_decls or ())))
    return {option(parameter.name), *(word for word in declared if isinstance(word, str))}


def _parameter(name: str, annotation: Any) -> inspect.Parameter:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Parameter(name, kind, default=None, annotation=annotation)


def _typer_option(name: str, flag: SweepFlag) -> Any:
    spellings = [option(name), *([flag.short] if flag.short else [])]
    return typer.Option(
        *spellings, min=flag.minimum, max=flag.maximum, metavar=flag.metavar, help=flag.help
    )
