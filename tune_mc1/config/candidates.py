"""Grids of chosen combinations: the key `candidates` of a sweep file."""

from collections.abc import Mapping, Sequence
from typing import Any

from tune_mc1.config.parameters import Constant, Parameter
from tune_mc1.config.problems import Problem
from tune_mc1.config.support import can_have

Candidates = tuple[dict[str, Any], ...]
"""Values of the parameters that vary, by name, for each combination of a grid."""


def candidate_problems(
    candidates: Sequence[Mapping[str, Any]],
    parameters: Mapping[str, Parameter],
    conditional: Sequence[str] = (),
) -> list[Problem]:
    """Why a grid cannot consist of these combinations.

    Args:
        candidates: The combinations.
        parameters: The sweep's parameters.
        conditional: Those that some trials lack, and their combinations with them.
    """
    varied = {name: p for name, p in parameters.items() if not isinstance(p, Constant)}
    found = []
    for number, candidate in enumerate(candidates):
        path = ("candidates", number)
        lacking = varied.keys() - candidate.keys() - set(conditional)
        if lacking or candidate.keys() - varied.keys():
            names = ", ".join(varied) or "none"
            rule = f"must have a value of each parameter that varies ({names}), and no other"
            found.append(Problem(path, rule, list(candidate)))
            continue
        found += [
            Problem((*path, name), f"must be a value of parameters.{name}", value)
            for name, value in candidate.items()
            if not can_have(varied[name], value)
        ]
    return found


def candidate_settings(
    candidates: Sequence[Mapping[str, Any]], parameters: Mapping[str, Parameter]
) -> list[dict[str, Any]]:
    """The settings of a grid of these combinations, in their order."""
    fixed = {name: p.value for name, p in parameters.items() if isinstance(p, Constant)}
    merged = [fixed | dict(one) for one in candidates]
    return [{name: one[name] for name in parameters if name in one} for one in merged]
