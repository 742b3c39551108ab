"""Distinct settings: one that a sweep has had is not drawn again."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import count, product
from typing import Any

from tune_mc1.config.distributions import Range
from tune_mc1.config.parameters import IntUniform, Parameter, WeightedCategorical
from tune_mc1.config.space import Space
from tune_mc1.config.sweep import Sweep
from tune_mc1.planning.draws import draw
from tune_mc1.seeding import derive_seed

MISSES = 1000
"""Consecutive draws without a new setting after which a space counts as used up."""
FEW_MISSES = 100
"""The same of a space whose settings can be listed: those that are left are then listed."""
MOST_LISTED = 100_000
"""Maximum number of settings that are listed."""


def identity(setting: Mapping[str, Any]) -> str:
    """Text that is equal for equal settings."""
    return json.dumps(setting, sort_keys=True, default=str)


def distinct_samples(sweep: Sweep) -> Iterator[dict[str, Any]]:
    """Samples settings at random, each once, until the space is used up.

    They are those of `draw` in order of position, without the repeats. Of a finite space, the
    last ones are listed in random order, since draws would hardly ever meet them.

    Args:
        sweep: The sweep.
    """
    space = sweep.space
    listed = listed_settings(sweep, space)
    limit = MISSES if listed is None else FEW_MISSES
    seen: set[str] = set()
    misses = 0
    for position in count():
        setting = draw(sweep, space, position)
        if (key := identity(setting)) in seen:
            misses += 1
            if misses == limit or (listed is not None and len(seen) >= len(listed)):
                break
        else:
            misses = 0
            seen.add(key)
            yield setting
    for setting in listed or ():
        if (key := identity(setting)) not in seen:
            seen.add(key)
            yield setting


def listed_settings(sweep: Sweep, space: Space) -> Sequence[dict[str, Any]] | None:
    """All settings of a finite space, in random order; None of one that is infinite or large."""
    values: dict[str, Sequence[Any]] = {}
    for name, parameter in sorted(sweep.parameters.items()):
        if (possible := possible_values(parameter)) is None:
            return None
        values[name] = possible
    if math.prod(map(len, values.values())) > MOST_LISTED:
        return None
    from numpy.random import default_rng

    names = list(values)
    found = [dict(zip(names, each, strict=True)) for each in product(*values.values())]
    order = default_rng(derive_seed(sweep.search_seed, "listed")).permutation(len(found))
    return [space.completed(found[i]) for i in order]


def possible_values(parameter: Parameter) -> Sequence[Any] | None:
    """All values that can be drawn; None if they are infinitely many, or more than are listed."""
    if isinstance(parameter, WeightedCategorical):
        pairs = zip(parameter.values, parameter.probabilities, strict=True)
        return [value for value, share in pairs if share > 0]
    if isinstance(parameter, Range):
        return _multiples(parameter)
    size = parameter.grid_size
    if size is None or (isinstance(parameter, IntUniform) and size > MOST_LISTED):
        return None
    return [parameter.grid_value(i) for i in range(size)]


def _multiples(parameter: Range) -> Sequence[Any] | None:
    """The multiples of q in a range."""
    if parameter.q is None:
        return None
    low, high = (end / parameter.q for end in parameter.ends)
    if not math.isfinite(low) or not math.isfinite(high) or high - low >= MOST_LISTED:
        return None
    found = [parameter.rounded(i * parameter.q) for i in range(round(low), round(high) + 1)]
    return found if parameter.zero is None else [parameter.nothing, *found]
