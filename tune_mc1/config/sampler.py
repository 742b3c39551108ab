"""Sampler of a Bayesian search: the sweep file's `sampler`, in Optuna's terms."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from tune_mc1.config.field_types import Int

SamplerType = Literal["tpe", "gp", "cmaes", "nsgaii"]

STARTUP: dict[SamplerType, int] = {"tpe": 10, "gp": 10, "cmaes": 1, "nsgaii": 0}
"""Trials with random settings before the model is used, by sampler; as in Optuna."""


class Sampler(BaseModel):
    """Sampler of a Bayesian search.

    Attributes:
        type: `tpe` (tree-structured Parzen estimator: Bergstra et al., NIPS 2011; multivariate:
            Falkner et al., ICML 2018), `gp` (Gaussian process with log expected improvement),
            `cmaes` (CMA-ES: Hansen and Ostermeier, 2001) or `nsgaii` (Deb et al., 2002).
        n_startup_trials: Ended trials before the model is used; earlier settings are random.
        population_size: Settings of a generation of `cmaes` or `nsgaii`; None is Optuna's default.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: SamplerType = "tpe"
    n_startup_trials: Int | None = Field(default=None, ge=0, le=100_000)
    population_size: Int | None = Field(default=None, ge=2, le=100_000)

    @property
    def startup(self) -> int:
        """Ended trials before the model is used."""
        given = self.n_startup_trials
        return STARTUP[self.type] if given is None else given


def _by_word(value: Any) -> Any:
    return {"type": value} if isinstance(value, str) else value


AnySampler = Annotated[Sampler, BeforeValidator(_by_word)]
"""A sampler: the word alone, or a mapping with `type`."""
