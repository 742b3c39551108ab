"""Tasks: recorded learning curves that stand for training."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Spec = Mapping[str, Any]
"""A parameter as in a sweep file: `values`, or `distribution`, `min` and `max`."""


@dataclass(frozen=True)
class Task:
    """Recorded settings and their curves; a setting between them has the nearest one's.

    Attributes:
        name: Its name.
        parameters: The search space, as in a sweep file; a parameter with one value is left out.
        settings: The recorded settings.
        curves: Metric after each epoch, higher is better (settings, epochs).
        seconds: Seconds an epoch (settings,).
        half: `choice` if defaults may be chosen on it, `report` if they are only reported on it.
        weights: Weight of each parameter in the distance of settings, 1 if it is not given.
    """

    name: str
    parameters: Mapping[str, Spec]
    settings: Sequence[Mapping[str, Any]]
    curves: NDArray[np.float64]
    seconds: NDArray[np.float64]
    half: str
    weights: Mapping[str, float] = field(default_factory=dict)
    _codes: NDArray[np.float64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        codes = np.array([self._code(setting) for setting in self.settings])
        object.__setattr__(self, "_codes", codes)

    @property
    def epochs(self) -> int:
        """Epochs of a trial that is trained in full."""
        return int(self.curves.shape[1])

    @property
    def best(self) -> float:
        """The highest value of the table."""
        return float(self.curves.max())

    @property
    def whole(self) -> int:
        """Epochs that training all recorded settings in full takes."""
        return self.curves.size

    def row(self, setting: Mapping[str, Any], used: NDArray[np.int64]) -> int:
        """The recorded setting that is nearest to a setting, among those least used.

        Differences add up, each with its parameter's weight: a position on the range of a number,
        on a logarithmic scale where that is how it is drawn, the rank among listed numbers, and 1
        between other values.

        Args:
            setting: Values of the parameters.
            used: How many trials stand for each recorded setting so far (settings,).
        """
        off = np.abs(self._codes - self._code(setting)).sum(axis=1)
        return int((off + 1e6 * (used - used.min())).argmin())

    def _code(self, setting: Mapping[str, Any]) -> list[float]:
        code: list[float] = []
        for name, spec in self.parameters.items():
            weight = self.weights.get(name, 1.0)
            code += [weight * c for c in _coded(spec, setting[name])]
        return code


def is_number(spec: Spec) -> bool:
    """True for a range, and for listed numbers."""
    return "values" not in spec or all(isinstance(v, int | float) for v in spec["values"])


def _coded(spec: Spec, value: Any) -> list[float]:
    if "values" not in spec:
        low, high = spec["min"], spec["max"]
        if "log" in spec.get("distribution", ""):
            low, high, value = math.log(low), math.log(high), math.log(value)
        return [(value - low) / (high - low)]
    values = list(spec["values"])
    if is_number(spec):
        return [values.index(value) / max(1, len(values) - 1)]
    return [0.5 * (value == v) for v in values]


def fitted_weights(
    space: Mapping[str, Spec], settings: Sequence[Mapping[str, Any]], values: NDArray[np.float64]
) -> dict[str, float]:
    """Weights of parameters with which a setting's nearest other one tells most of its value.

    Coordinate descent on the mean absolute error of leaving one out, from equal weights.

    Args:
        space: The search space.
        settings: The recorded settings.
        values: The best value of each (settings,).
    """
    codes = {
        name: np.array([_coded(spec, setting[name]) for setting in settings])
        for name, spec in space.items()
    }
    apart = {n: np.abs(c[:, None] - c[None]).sum(axis=-1) for n, c in codes.items()}
    weights = dict.fromkeys(space, 1.0)

    def error() -> float:
        total = sum(weights[name] * off for name, off in apart.items())
        np.fill_diagonal(total, np.inf)
        return float(np.abs(values - values[total.argmin(axis=1)]).mean())

    for _ in range(3):
        for name in space:
            tried = {}
            for weight in STEPS:
                weights[name] = weight
                tried[weight] = error()
            weights[name] = min(tried, key=lambda w: tried[w])
    return weights


STEPS = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
"""Weights that are tried."""
