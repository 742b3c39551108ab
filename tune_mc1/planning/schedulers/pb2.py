"""`pb2`: population based bandits."""

from collections.abc import Iterator
from typing import Literal

from tune_mc1.config.distributions import Beta, Normal
from tune_mc1.config.early_terminate import register_early_terminate
from tune_mc1.config.parameters import Parameter, listed_values
from tune_mc1.config.problems import Problem
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.sweep import Sweep
from tune_mc1.planning.bandits import Bandits
from tune_mc1.planning.population_based import CHANGEABLE, PopulationBased, changeable
from tune_mc1.planning.unit_interval import has_bounds


@register_early_terminate("pb2")
class PopulationBasedBandits(PopulationBased):
    """Population based bandits (`tune_mc1.planning.bandits`), with the key names of Ray Tune.

    Ray Tune has the bounds in `hyperparam_bounds`; here they are those in `parameters`.

    Attributes:
        type: `pb2`.
    """

    type: Literal["pb2"]

    def explored(self, sweep: Sweep) -> dict[str, Parameter]:
        """Those that can change and lie between two bounds; listed values are copied."""
        return {name: one for name, one in changeable(sweep).items() if not listed_values(one)}

    @property
    def nothing_to_explore(self) -> str:
        """Rule for a sweep without an explored parameter."""
        names = ", ".join(CHANGEABLE[:5])
        return f"has nothing to explore: none of {names}, ... has min and max in parameters"

    def problems(self, sweep: Sweep) -> Iterator[Problem]:
        """Those of every population, and parameters without bounds."""
        yield from super().problems(sweep)
        if isinstance(sweep, ProgramSweep):
            return
        for name, one in self.explored(sweep).items():
            if not has_bounds(one):
                bounds = "finite bounds" if not isinstance(one, Normal | Beta) else "min and max"
                rule = f"must have {bounds} for {self.type}"
                yield Problem(("parameters", name), rule, one.distribution)

    def scheduler_of(self, sweep: Sweep) -> Bandits:
        """Builds a population without scores."""
        return Bandits(
            self.epochs(sweep.longest_epochs),
            self.quantile_fraction,
            sweep.search_seed,
            self.explored(sweep),
        )
