"""Optuna's TPE through Ray's `OptunaSearch`, by ask and tell."""

from collections.abc import Mapping
from typing import Any

from ray import tune

from tune_mc1.config.distributions import Beta, Normal, Range
from tune_mc1.config.parameters import (
    Categorical,
    Constant,
    IntUniform,
    Parameter,
    SameAs,
    WeightedCategorical,
)
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.search import AskTell
from tune_mc1.config.sweep import Sweep
from tune_mc1.errors import InputError

_SHARES = (1e-9, 1 - 1e-9)
"""Range of the uniform number that stands for a value of a distribution that Optuna lacks; a normal
one is cut at six standard deviations."""


class OptunaTpe(AskTell):
    """Suggestions of Optuna's TPE.

    Args:
        sweep: The sweep.

    Raises:
        InputError: If Optuna is not installed.
    """

    def __init__(self, sweep: Sweep) -> None:
        self._metric = "metric" if isinstance(sweep, ProgramSweep) else sweep.metric.name
        self._coding = Coding(sweep)
        mode = "max" if sweep.metric.goal == "maximize" else "min"
        try:
            import optuna
            from ray.tune.search.optuna import OptunaSearch

            optuna.logging.set_verbosity(optuna.logging.WARNING)  # it would log each study
            self._optuna = OptunaSearch(
                self._coding.space(), metric=self._metric, mode=mode, seed=sweep.search_seed
            )
        except (ImportError, AssertionError):
            raise InputError("method: bayes needs Optuna: pip install 'tune_mc1[bayes]'") from None

    def ask(self, trial: str) -> Mapping[str, Any] | None:
        """Optuna's next suggestion."""
        setting: Mapping[str, Any] | None = self._optuna.suggest(trial)
        return None if setting is None else self._coding.decode(setting)

    def tell(self, trial: str, value: float | None) -> None:
        """Passes on a score; a trial without one counts as failed."""
        self._optuna.on_trial_complete(
            trial, None if value is None else {self._metric: value}, value is None
        )


class Coding:
    """A sweep's parameters as Optuna takes them.

    A program's may have any names, of which Ray would split those with `/`, and any values, of
    which Optuna compares numbers, text and booleans only. Values of a distribution that it lacks
    are the quantiles at the numbers that it suggests between 0 and 1.

    Args:
        sweep: The sweep.
    """

    def __init__(self, sweep: Sweep) -> None:
        program = isinstance(sweep, ProgramSweep)
        self._space = sweep.space
        names = sorted(n for n, p in sweep.parameters.items() if not isinstance(p, SameAs))
        self._names = {(f"p{i}" if program else name): name for i, name in enumerate(names)}
        self._parameters = sweep.parameters
        self._by_index = program

    def space(self) -> dict[str, Any]:
        """Ray Tune's search space, in distributions that Optuna supports."""
        return {code: self._domain(self._parameters[name]) for code, name in self._names.items()}

    def decode(self, setting: Mapping[str, Any]) -> dict[str, Any]:
        """The values of a suggestion, by the names of the parameters."""
        found = {}
        for code, value in setting.items():
            name = self._names[code]
            found[name] = self._value(self._parameters[name], value)
        return found if self._space.plain else self._space.completed(found)

    def _value(self, parameter: Parameter, drawn: Any) -> Any:
        if self._by_index and isinstance(parameter, Constant | Categorical):
            return parameter.grid_value(drawn)
        if isinstance(parameter, WeightedCategorical | Normal | Beta):
            return parameter.quantile(drawn)
        if isinstance(parameter, Range) and (self._by_index or "q_log" in parameter.distribution):
            return parameter.rounded(drawn)
        return drawn

    def _domain(self, parameter: Parameter) -> Any:
        if self._by_index and isinstance(parameter, Constant | Categorical):
            return tune.choice(list(range(parameter.grid_size)))
        return _domain(parameter)


def ray_space(sweep: Sweep) -> dict[str, Any]:
    """The parameters as Ray Tune's search space; see `Coding.space`."""
    return Coding(sweep).space()


def _domain(parameter: Parameter) -> Any:
    if isinstance(parameter, Constant | Categorical):
        # OptunaSearch drops plain values from its suggestions.
        return tune.choice([parameter.grid_value(i) for i in range(parameter.grid_size)])
    if isinstance(parameter, IntUniform):
        return tune.randint(parameter.min, parameter.max + 1)
    if not isinstance(parameter, Range):
        return tune.uniform(*_SHARES)
    if "log" in parameter.distribution:  # Ray ignores its q; `Coding.decode` does not
        return tune.loguniform(*parameter.bounds)
    if parameter.q is not None:
        return tune.quniform(*parameter.ends, parameter.q)
    return tune.uniform(*parameter.bounds)
