"""Keys that a parameter of each distribution can have in a sweep file."""

from collections.abc import Iterator
from typing import get_args

from tune_mc1.config.distributions import Beta, Distribution, Normal, Range
from tune_mc1.config.parameters import (
    Categorical,
    Constant,
    IntUniform,
    SameAs,
    WeightedCategorical,
)

_FAMILIES = (
    *(Constant, Categorical, WeightedCategorical, IntUniform, Range, Normal, Beta),
    SameAs,
)


def _keys(family: type[Distribution], name: str) -> Iterator[str]:
    for key in family.model_fields:
        fits = {"q": name.startswith("q_"), "zero": "log" in name, "when": False}
        if fits.get(key, True):
            yield key
    yield "when"


DISTRIBUTION_KEYS: dict[str, tuple[str, ...]] = {
    name: tuple(_keys(family, name))
    for family in _FAMILIES
    for name in get_args(family.model_fields["distribution"].annotation)
}
"""Valid keys of each distribution, by its name."""
