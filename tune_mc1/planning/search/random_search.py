"""`random`: independently sampled settings."""

from typing import Any

from tune_mc1.config.search import Search, register_search
from tune_mc1.config.sweep import Sweep
from tune_mc1.seeding import derive_seed


@register_search
class RandomSearch(Search):
    """`run_cap` settings, with every parameter sampled from its distribution."""

    name = "random"

    def settings(self, sweep: Sweep) -> list[dict[str, Any]]:
        """Samples `run_cap` settings."""
        return sample(sweep, sweep.run_cap or 0)


def sample(sweep: Sweep, n: int) -> list[dict[str, Any]]:
    """Samples settings at random.

    Each value has its own generator, seeded by `search_seed`, the parameter's name and the
    position, so it depends neither on `n` nor on the other parameters.

    Args:
        sweep: The sweep.
        n: Number of settings.
    """
    from numpy.random import default_rng

    return [
        {
            name: parameter.sample(default_rng(derive_seed(sweep.search_seed, "sample", name, i)))
            for name, parameter in sorted(sweep.parameters.items())
        }
        for i in range(n)
    ]
