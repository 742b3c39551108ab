"""`pbt`: population based training."""

from typing import Annotated, Literal

from pydantic import Field

from tune_mc1.config.early_terminate import register_early_terminate
from tune_mc1.config.field_types import Number
from tune_mc1.config.sweep import Sweep
from tune_mc1.planning.population import Population
from tune_mc1.planning.population_based import PopulationBased


@register_early_terminate("pbt")
class PopulationBasedTraining(PopulationBased):
    """Population based training (`tune_mc1.planning.exchanges`), with the key names of Ray Tune.

    Attributes:
        type: `pbt`.
        resample_probability: Probability with which an explored value is drawn anew, rather than
            moved.
        perturbation_factors: Factors by which numbers are moved, all equally likely.
    """

    type: Literal["pbt"]
    resample_probability: Number = Field(default=0.25, ge=0, le=1)
    perturbation_factors: tuple[Annotated[Number, Field(gt=0, le=100)], ...] = Field(
        default=(1.2, 0.8), min_length=1, max_length=10
    )

    def scheduler_of(self, sweep: Sweep) -> Population:
        """Builds a population without scores."""
        return Population(
            self.epochs(sweep.longest_epochs),
            self.quantile_fraction,
            self.resample_probability,
            self.perturbation_factors,
            sweep.search_seed,
            self.explored(sweep),
        )
