"""Parameters of our own training, from a sweep file's mapping and from `--set`."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from tune_mc1.config.argument_parameters import ParameterNames
from tune_mc1.config.parameters import Parameter, repeat_notices
from tune_mc1.config.problems import Path, Problem, show_path
from tune_mc1.config.range_text import read_range
from tune_mc1.config.set_text import split_values


class Overrides(NamedTuple):
    """Parameters given by `--set`.

    Attributes:
        parameters: The valid ones, by standard name.
        messages: Mistakes.
        aliases: Names that were taken for others, with their place, and what they were taken for.
        notices: Notices for the user.
    """

    parameters: dict[str, Parameter]
    messages: list[str]
    aliases: list[tuple[str, str]]
    notices: list[str]


class FileParameters(NamedTuple):
    """Parameters given by a file.

    Attributes:
        parameters: The valid ones, by standard name.
        problems: Mistakes.
        aliases: As in `Overrides`.
        notices: Notices for the user.
        order: Standard names of all, also of those that are left out, in the file's order.
    """

    parameters: dict[str, Parameter]
    problems: list[Problem]
    aliases: list[tuple[str, str]]
    notices: list[str]
    order: list[str]


def read_parameters(raw: Any, skip: set[str], names: ParameterNames) -> FileParameters:
    """Reads all parameters of a file, with nested groups flattened.

    Args:
        raw: The file's mapping `parameters`.
        skip: Standard names of parameters to leave out.
        names: Rules for names.
    """
    here: Path = ("parameters",)
    if not raw and skip:
        return FileParameters({}, [], [], [], [])
    if not isinstance(raw, dict) or not raw:
        rule = "must be a mapping such as `{learning_rate: {values: [0.01, 0.03]}}`"
        return FileParameters({}, [Problem(here, rule, raw)], [], [], [])
    read = FileParameters({}, [], [], [], [])
    places: dict[str, Path] = {}
    for path, entry in _leaves(raw, here):
        written = str(path[-1])
        name = names.standard(written)
        read.order.append(name)
        if name in skip:
            continue
        if name in places:
            rule = f"{name} is given twice, here and as {show_path(places[name])}"
            read.problems.append(Problem(path, rule))
            continue
        places[name] = path
        if name != written:
            read.aliases.append((show_path(path), name))
        parameter, found = names.read(name, entry, path)
        read.problems.extend(found)
        if parameter is not None:
            read.parameters[name] = parameter
            read.notices.extend(repeat_notices(show_path(path), entry, parameter))
    return read


def in_file_order(written: FileParameters, given: Overrides) -> dict[str, Parameter]:
    """All parameters: those of the file in its order, also where `--set` replaces them."""
    both = written.parameters | given.parameters
    return {name: both[name] for name in dict.fromkeys([*written.order, *both]) if name in both}


def _leaves(group: dict[str, Any], path: Path) -> Iterator[tuple[Path, Any]]:
    """Yields every parameter, including those in W&B's nested groups, under its own name."""
    for name, entry in group.items():
        nested = entry.get("parameters") if isinstance(entry, dict) and len(entry) == 1 else None
        if isinstance(nested, dict):
            yield from _leaves(nested, (*path, name, "parameters"))
        else:
            yield (*path, name), entry


def read_overrides(items: Sequence[str], names: ParameterNames) -> Overrides:
    """Reads items `name=value[,value...]` or `name=low..high[:log]`.

    Args:
        items: The user's input.
        names: Rules for names.
    """
    read = Overrides({}, [], [], [])
    seen: dict[str, str] = {}
    for item in items:
        written, equals, text = item.partition("=")
        written = written.strip()
        name = names.standard(written)
        try:
            drawn = read_range(text)
            values = [] if drawn else names.values(name, text)
        except ValueError as error:
            read.messages.append(f"--set {written}: {error}, got {text!r}")
            continue
        if not equals or not written or not all(piece.strip() for piece in split_values(text)):
            read.messages.append(f"--set: must be name=value[,value...], got {item!r}")
            continue
        if name in seen:
            same = seen[name] == written
            twice = "is given twice" if same else f"{name} is given twice, also as {seen[name]}"
            read.messages.append(f"--set {written}: {twice}")
            continue
        seen[name] = written
        if name != written:
            read.aliases.append((f"--set {written}", name))
        raw = drawn or ({"value": values[0]} if len(values) == 1 else {"values": values})
        parameter, found = names.read(name, raw, (written,))
        read.messages.extend(f"--set {Problem((written,), p.rule, p.value)}" for p in found)
        if parameter is not None:
            read.parameters[name] = parameter
            read.notices.extend(repeat_notices(f"--set {written}", raw, parameter))
    return read
