"""Which registered parts take a trial parameter, such as `momentum` or `step_size`."""

from collections.abc import Mapping, Sequence
from typing import Any

from tune_mc1.registry import Registry

_known: dict[tuple[str, tuple[str, ...]], Mapping[str, Sequence[str]]] = {}


def takers_of(parts: Registry[Any]) -> Mapping[str, Sequence[str]]:
    """Names of the parts that take a parameter, by its name.

    Args:
        parts: The parts; those that take parameters have their names in `takes`.
    """
    key = (parts.kind, parts.names)
    if key not in _known:
        found: dict[str, list[str]] = {}
        for name in parts:
            for parameter in getattr(parts[name], "takes", ()):
                found.setdefault(parameter, []).append(name)
        _known[key] = found
    return _known[key]
