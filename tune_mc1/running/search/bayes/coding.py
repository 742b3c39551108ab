"""A sweep's parameters as Optuna's distributions, and values in both directions.

Optuna sees what a value stands for: the position in a list, a number, or the share of a
distribution that lies below it. The code of a value depends on the value alone, so that a sweep
that is resumed from its journal has the same codes as before.
"""

import json
import math
from collections.abc import Mapping
from itertools import accumulate, product
from statistics import NormalDist
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from tune_mc1.config.distributions import Beta, Normal, Range
from tune_mc1.config.parameters import (
    Categorical,
    Constant,
    IntUniform,
    Parameter,
    WeightedCategorical,
)
from tune_mc1.config.sweep import Sweep

SHARES = (1e-9, 1 - 1e-9)
"""Range of the share that stands for a value of a distribution that Optuna lacks; a normal one is
cut at six standard deviations."""

LISTED = 10_000
"""Maximum number of settings that are listed to find those that were not suggested."""

Code = int | float


class UnknownValueError(ValueError):
    """A value that a parameter does not have."""


class Coding:
    """Codes of a sweep's settings.

    Args:
        sweep: The sweep.
    """

    def __init__(self, sweep: Sweep) -> None:
        self._parameters = dict(sorted(sweep.parameters.items()))
        self.space: dict[str, BaseDistribution] = {
            name: domain(parameter)
            for name, parameter in self._parameters.items()
            if not isinstance(parameter, Constant)
        }

    @property
    def conditional(self) -> bool:
        """Whether some parameters only apply to some settings."""
        return False

    def all_settings(self) -> list[dict[str, Any]]:
        """All settings of a space of at most `LISTED`; empty for a larger or infinite one."""
        sizes = {name: parameter.grid_size for name, parameter in self._parameters.items()}
        if None in sizes.values() or math.prod(size or 1 for size in sizes.values()) > LISTED:
            return []
        values = [
            [parameter.grid_value(i) for i in range(sizes[name] or 1)]
            for name, parameter in self._parameters.items()
        ]
        return [dict(zip(sizes, chosen, strict=True)) for chosen in product(*values)]

    def own(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The setting of a trial, given all its values."""
        return {name: values[name] for name in self._parameters if name in values}

    def filled(self, codes: Mapping[str, Code]) -> dict[str, Code]:
        """The codes of all parameters."""
        return dict(codes)

    def decode(self, codes: Mapping[str, Code]) -> dict[str, Any]:
        """The setting that codes stand for, with all parameters."""
        return {
            name: parameter.value
            if isinstance(parameter, Constant)
            else value(parameter, codes[name])
            for name, parameter in self._parameters.items()
        }

    def encode(self, setting: Mapping[str, Any]) -> dict[str, Code]:
        """The codes of a setting; it may hold more values than the sweep's parameters.

        Raises:
            UnknownValueError: If the sweep cannot have this setting.
        """
        return {
            name: code(self._parameters[name], setting[name])
            for name in self.space
            if name in setting
        }


def domain(parameter: Parameter) -> BaseDistribution:
    """Optuna's distribution of the codes of a parameter that varies."""
    if isinstance(parameter, Categorical):
        last = len(parameter.values) - 1
        return (
            IntDistribution(0, last)
            if parameter.ascending
            else CategoricalDistribution(range(last + 1))
        )
    if isinstance(parameter, IntUniform):
        return IntDistribution(parameter.min, parameter.max)
    if not isinstance(parameter, Range):
        return FloatDistribution(*SHARES)
    if "log" in parameter.distribution:
        return FloatDistribution(*_inside(parameter), log=True)
    if parameter.q is not None:
        return IntDistribution(0, _steps(parameter))
    return FloatDistribution(*_inside(parameter))


def value(parameter: Parameter, code: Code) -> Any:
    """The value that a code stands for."""
    if isinstance(parameter, Categorical):
        order = parameter.ascending
        return parameter.values[order[int(code)] if order else int(code)]
    if isinstance(parameter, WeightedCategorical | Normal | Beta):
        return parameter.quantile(code)
    if isinstance(parameter, Range) and parameter.q is not None:
        drawn = code if "log" in parameter.distribution else parameter.ends[0] + code * parameter.q
        return parameter.rounded(drawn)
    return code


def code(parameter: Parameter, value: Any) -> Code:
    """The code of a value.

    Raises:
        UnknownValueError: If the parameter does not have the value.
    """
    if isinstance(parameter, Categorical | WeightedCategorical):
        return _listed_code(parameter, _position(parameter.values, value))
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise UnknownValueError(value)
    if isinstance(parameter, Normal | Beta):
        return min(max(_share(parameter, value), SHARES[0]), SHARES[1])
    if isinstance(parameter, IntUniform):
        return int(_within(value, parameter.min, parameter.max))
    assert isinstance(parameter, Range)
    low, high = _inside(parameter)
    if parameter.q is None:
        return _within(float(value), low, high)
    _within(value, *parameter.ends)
    if "log" in parameter.distribution:
        return min(max(float(value), low), high)
    return round((value - parameter.ends[0]) / parameter.q)


def _listed_code(parameter: Categorical | WeightedCategorical, index: int) -> Code:
    if isinstance(parameter, Categorical):
        order = parameter.ascending
        return order.index(index) if order else index
    shares = [0.0, *accumulate(parameter.probabilities)]
    return (shares[index] + shares[index + 1]) / 2 / shares[-1]


def _inside(parameter: Range) -> tuple[float, float]:
    """The bounds, without the ends themselves, which are never drawn."""
    low, high = parameter.bounds
    return math.nextafter(low, high), math.nextafter(high, low)


def _steps(parameter: Range) -> int:
    assert parameter.q is not None
    low, high = parameter.ends
    return round((high - low) / parameter.q)


def _within(value: float, low: float, high: float) -> float:
    if not low <= value <= high:
        raise UnknownValueError(value)
    return value


def _share(parameter: Normal | Beta, value: float) -> float:
    """Share of a distribution below a value."""
    if isinstance(parameter, Beta):
        from scipy.special import betainc

        return float(betainc(parameter.a, parameter.b, min(max(value, 0.0), 1.0)))
    if "log" in parameter.distribution:
        if value <= 0:
            return 0.0
        value = math.log(value)
    return NormalDist(parameter.mu, parameter.sigma).cdf(value)


def _position(values: tuple[Any, ...], value: Any) -> int:
    """The place of a value in a list: 1, 1.0 and true differ if all are there."""
    keys = [json.dumps(v, sort_keys=True, default=str) for v in values]
    key = json.dumps(value, sort_keys=True, default=str)
    if key in keys:
        return keys.index(key)
    if value in values:
        return values.index(value)
    raise UnknownValueError(value)
