"""Optuna's TPE through Ray's `OptunaSearch`, by ask and tell."""

from collections.abc import Mapping
from typing import Any

from ray import tune

from tune_mc1.config.distributions import Range
from tune_mc1.config.parameters import Categorical, Constant, IntUniform, Parameter
from tune_mc1.config.search import AskTell
from tune_mc1.config.sweep import Sweep
from tune_mc1.errors import InputError


class OptunaTpe(AskTell):
    """Suggestions of Optuna's TPE.

    Args:
        sweep: The sweep.

    Raises:
        InputError: If Optuna is not installed.
    """

    def __init__(self, sweep: Sweep) -> None:
        self._metric = sweep.metric.name
        mode = "max" if sweep.metric.goal == "maximize" else "min"
        try:
            import optuna
            from ray.tune.search.optuna import OptunaSearch

            optuna.logging.set_verbosity(optuna.logging.WARNING)  # it would log each study
            self._optuna = OptunaSearch(
                ray_space(sweep), metric=self._metric, mode=mode, seed=sweep.search_seed
            )
        except (ImportError, AssertionError):
            raise InputError("method: bayes needs Optuna: pip install 'tune_mc1[bayes]'") from None

    def ask(self, trial: str) -> Mapping[str, Any] | None:
        """Optuna's next suggestion."""
        setting: Mapping[str, Any] | None = self._optuna.suggest(trial)
        return setting

    def tell(self, trial: str, value: float | None) -> None:
        """Passes on a score; a trial without one counts as failed."""
        self._optuna.on_trial_complete(
            trial, None if value is None else {self._metric: value}, value is None
        )


def ray_space(sweep: Sweep) -> dict[str, Any]:
    """The parameters as Ray Tune's search space, in distributions that Optuna supports."""
    return {name: _domain(parameter) for name, parameter in sorted(sweep.parameters.items())}


def _domain(parameter: Parameter) -> Any:
    if isinstance(parameter, Constant):
        # OptunaSearch drops plain values from its suggestions.
        return tune.choice([parameter.value])
    if isinstance(parameter, Categorical):
        return tune.choice(list(parameter.values))
    if isinstance(parameter, IntUniform):
        return tune.randint(parameter.min, parameter.max + 1)
    assert isinstance(parameter, Range)
    low, high = parameter.bounds
    if parameter.q is not None:
        return tune.quniform(*parameter.ends, parameter.q)
    return (
        tune.uniform(low, high)
        if parameter.distribution == "uniform"
        else tune.loguniform(low, high)
    )
