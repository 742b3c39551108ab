"""Settings drawn at random: each value has a generator of its own."""

from typing import Any

from tune_mc1.config.sweep import Sweep
from tune_mc1.seeding import derive_seed


def sample(sweep: Sweep, n: int) -> list[dict[str, Any]]:
    """Samples settings at random.

    Args:
        sweep: The sweep.
        n: Number of settings.
    """
    return [sample_one(sweep, i) for i in range(n)]


def sample_one(sweep: Sweep, position: int) -> dict[str, Any]:
    """Samples one setting at random.

    Each value has its own generator, seeded by `search_seed`, the parameter's name and the
    position, so it does not depend on the other parameters or settings.

    Args:
        sweep: The sweep.
        position: The setting's, from 0.
    """
    from numpy.random import default_rng

    return {
        name: parameter.sample(
            default_rng(derive_seed(sweep.search_seed, "sample", name, position))
        )
        for name, parameter in sorted(sweep.parameters.items())
    }
