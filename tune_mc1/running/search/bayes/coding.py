"""A sweep's parameters as Optuna's distributions, and values in both directions.

Optuna sees what a value stands for: the position in a list, a number, or the share of a
distribution that lies below it. The code of a value depends on the value alone, so that a sweep
that is resumed from its journal has the same codes as before.
"""

import json
import math
from collections.abc import Mapping
from itertools import accumulate
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
    SameAs,
    WeightedCategorical,
)
from tune_mc1.config.sweep import Sweep
from tune_mc1.planning.distinct import listed_settings

SHARES = (1e-9, 1 - 1e-9)
"""Range of the share that stands for a value of a distribution that Optuna lacks; a normal one is
cut at six standard deviations."""

ZERO = " is 0"
"""Ending of the name of the code that says whether a parameter is exactly 0."""

Code = int | float


class UnknownValueError(ValueError):
    """A value that a parameter does not have."""


class Coding:
    """Codes of a sweep's settings. Parameters that do not apply to a setting have none.

    Args:
        sweep: The sweep.
    """

    def __init__(self, sweep: Sweep) -> None:
        self._sweep, self._of = sweep, sweep.space
        self._varied = {
            name: parameter
            for name, parameter in sorted(sweep.parameters.items())
            if not isinstance(parameter, Constant | SameAs)
        }
        self._constant = {
            name: parameter.value
            for name, parameter in sweep.parameters.items()
            if isinstance(parameter, Constant)
        }
        self.space: dict[str, BaseDistribution] = {}
        for name, parameter in self._varied.items():
            if may_be_zero(parameter):
                self.space[name + ZERO] = CategoricalDistribution((0, 1))
            self.space[name] = domain(parameter)

    @property
    def conditional(self) -> bool:
        """Whether some parameters only apply to some settings."""
        return bool(self._of.conditional) or any(map(may_be_zero, self._varied.values()))

    def all_settings(self) -> list[dict[str, Any]]:
        """All settings of a finite space; empty for a larger or infinite one."""
        found = listed_settings(self._sweep, self._of) or ()
        return list({json.dumps(s, sort_keys=True, default=str): dict(s) for s in found}.values())

    def decode(self, codes: Mapping[str, Code]) -> dict[str, Any]:
        """The setting that codes of all parameters stand for."""
        drawn = self._constant | {
            name: parameter.nothing
            if isinstance(parameter, Range) and codes.get(name + ZERO) == 1
            else value(parameter, codes[name])
            for name, parameter in self._varied.items()
        }
        return dict(sorted(drawn.items())) if self._of.plain else self._of.completed(drawn)

    def own(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The setting of a trial, given all its values."""
        return self._of.of_trial(values)

    def encode(self, setting: Mapping[str, Any]) -> dict[str, Code]:
        """The codes of a setting; it may hold more values than the sweep's parameters.

        Raises:
            UnknownValueError: If the sweep cannot have this setting.
        """
        found: dict[str, Code] = {}
        for name, given in self.own(setting).items():
            if name not in self._varied:
                continue
            if may_be_zero(self._varied[name]):
                found[name + ZERO] = int(given == 0)
            if found.get(name + ZERO) != 1:
                found[name] = code(self._varied[name], given)
        return found

    def filled(self, codes: Mapping[str, Code]) -> dict[str, Code]:
        """The codes, and a middle one of each parameter that has none."""
        return {name: codes.get(name, _middle(dist)) for name, dist in self.space.items()}


def may_be_zero(parameter: Parameter) -> bool:
    """True for a logarithmic range with a share of zeros, which are a code of their own."""
    return isinstance(parameter, Range) and parameter.zero is not None


def positions(parameter: Categorical) -> list[int] | None:
    """Positions of listed values in their order; None if they have none.

    Three or more numbers are ordered by size, others if they are `ordinal`.
    """
    if parameter.ordinal:
        return list(range(len(parameter.values)))
    return parameter.ascending


def _middle(distribution: BaseDistribution) -> Code:
    if isinstance(distribution, CategoricalDistribution):
        return 0
    if isinstance(distribution, IntDistribution):
        return (distribution.low + distribution.high) // 2
    assert isinstance(distribution, FloatDistribution)
    if distribution.log:
        return math.exp((math.log(distribution.low) + math.log(distribution.high)) / 2)
    return (distribution.low + distribution.high) / 2


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
        order = positions(parameter)
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
        order = positions(parameter)
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
