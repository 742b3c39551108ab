"""Settings drawn at random: each value has a generator of its own."""

from typing import Any

from tune_mc1.config.space import Space
from tune_mc1.config.sweep import Sweep
from tune_mc1.seeding import derive_seed


def sample(sweep: Sweep, n: int) -> list[dict[str, Any]]:
    """Samples settings at random.

    Args:
        sweep: The sweep.
        n: Number of settings.
    """
    space = sweep.space
    return [draw(sweep, space, i) for i in range(n)]


def sample_one(sweep: Sweep, position: int) -> dict[str, Any]:
    """Samples one setting at random.

    Each value has its own generator, seeded by `search_seed`, the parameter's name and the
    position, so it does not depend on the other parameters or settings.

    Args:
        sweep: The sweep.
        position: The setting's, from 0.
    """
    return draw(sweep, sweep.space, position)


def draw(sweep: Sweep, space: Space, position: int) -> dict[str, Any]:
    """As `sample_one`, with the sweep's `space`, which takes time to build."""
    from numpy.random import default_rng

    drawn = {
        name: parameter.sample(
            default_rng(derive_seed(sweep.search_seed, "sample", name, position))
        )
        for name, parameter in sorted(sweep.parameters.items())
    }
    return drawn if space.plain else space.completed(drawn)
