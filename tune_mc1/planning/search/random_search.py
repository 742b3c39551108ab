"""`random`: independently sampled settings."""

from itertools import islice
from typing import Any

from tune_mc1.config.search import Search, register_search
from tune_mc1.config.sweep import Sweep
from tune_mc1.planning.distinct import distinct_samples
from tune_mc1.planning.draws import sample


@register_search
class RandomSearch(Search):
    """`run_cap` settings, with every parameter sampled from its distribution."""

    name = "random"

    def settings(self, sweep: Sweep) -> list[dict[str, Any]]:
        """Samples `run_cap` settings, each once unless equal trials may differ.

        They are fewer where the parameters do not have so many.
        """
        count = sweep.run_cap or 0
        return (
            sample(sweep, count) if sweep.repeats else list(islice(distinct_samples(sweep), count))
        )
