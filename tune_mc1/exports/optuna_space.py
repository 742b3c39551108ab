"""Parameters of a sweep as Optuna's distributions, each with every value that a trial has."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from tune_mc1.config.distributions import Beta, Normal, Range
from tune_mc1.config.parameters import Constant, IntUniform, Parameter, listed_values
from tune_mc1.config.space import same, source_of
from tune_mc1.tracking.trial_runs import Source

DEVIATIONS = 6
"""Standard deviations of a normal distribution within which Optuna's range lies."""

CLOSE = 1e-9
"""By how much of a step a value may be beside it, as 0.3 is beside three times 0.1."""

Values = dict[str, dict[str, Any]]
"""Values that Optuna can hold, by trial and parameter."""


def values_and_space(source: Source) -> tuple[Values, Mapping[str, BaseDistribution]]:
    """Values of the parameters that vary, and their distributions.

    A trial lacks the parameters that do not apply to it. Lists and dicts are JSON, as Optuna only
    has numbers, text, booleans and null. A range grows to hold values of earlier ranges, of a
    sweep that was resumed with others.

    Args:
        source: The sweep and its trials.
    """
    parameters = source.sweep.parameters
    varied = [
        n for n, p in parameters.items() if not isinstance(source_of(n, parameters), Constant)
    ]
    values: Values = {
        trial: {n: _plain(v) for n, v in source.setting(trial).items() if n in varied}
        for trial in source.tables.trials
    }
    space = {}
    for name in varied:
        tried = [own[name] for own in values.values() if name in own]
        space[name] = distribution(source_of(name, parameters), tried)
    return values, space


def distribution(parameter: Parameter, tried: Sequence[Any]) -> BaseDistribution:
    """Optuna's distribution of a parameter.

    Args:
        parameter: A parameter that varies.
        tried: Values that trials have.
    """
    numbers = [v for v in tried if isinstance(v, int | float) and not isinstance(v, bool)]
    listed = listed_values(parameter)
    if listed or len(numbers) < len(tried):
        known = [_plain(value) for value in listed]
        for value in tried:
            if not any(same(value, one) for one in known):
                known.append(value)
        return CategoricalDistribution(known)
    low, high = _bounds(parameter)
    low, high = min([low, *numbers]), max([high, *numbers])
    whole = all(isinstance(number, int) for number in [*numbers, low, high])
    log, q = "log" in parameter.distribution, getattr(parameter, "q", None)
    steps = None if q is None or log else [(number - low) / q for number in [*numbers, high]]
    fits = steps is not None and all(abs(step - round(step)) < CLOSE for step in steps)
    if whole and (isinstance(parameter, IntUniform) or type(q) is int):
        return IntDistribution(
            int(low), int(high), log=log and low > 0, step=int(q or 1) if fits else 1
        )
    if log:
        return FloatDistribution(low, high, log=low > 0)  # 0 is in no logarithmic range
    return FloatDistribution(low, high, step=q if fits else None)


def _bounds(parameter: Parameter) -> tuple[float, float]:
    """Lowest and highest value, as far as Optuna needs them finite."""
    if isinstance(parameter, Range):
        return parameter.ends if parameter.q is not None else parameter.bounds
    if isinstance(parameter, IntUniform):
        return parameter.min, parameter.max
    if isinstance(parameter, Beta):
        return 0.0, 1.0
    assert isinstance(parameter, Normal)
    far = DEVIATIONS * parameter.sigma
    low, high = parameter.mu - far, parameter.mu + far
    if "log" in parameter.distribution:
        low, high = math.exp(max(low, -700.0)), math.exp(min(high, 700.0))
    return parameter.rounded(low), parameter.rounded(high)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return json.dumps(value, sort_keys=True, default=str)
