"""Gaussian process of a function that changes with time, and upper confidence bounds of it.

Methods: the kernel of Bogunovic et al. 2016 (Time-Varying Gaussian Process Bandit Optimization,
section 3), a squared exponential times (1 - epsilon) ** (|t - t'| / 2); its parameters maximise the
marginal likelihood (Rasmussen and Williams 2006, section 5.4.1). Points whose values are not known
yet reduce the variance and leave the mean (Desautels et al. 2014, GP-BUCB).
"""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

Array = NDArray[np.float64]

Factor = tuple[Array, bool]
"""As `scipy.linalg.cho_factor` returns it."""

STARTS = ((1.0, 0.5, 0.1, 0.1), (1.0, 2.0, 0.01, 0.01), (1.0, 0.2, 0.3, 0.5))
"""Variance, length, epsilon and variance of the noise from which the likelihood is maximised."""

LOW, HIGH = (0.05, 0.1, 1e-5, 1e-3), (20.0, 10.0, 0.5, 1.0)
"""Least and greatest values of these. Data are standardised and lie in a unit cube."""

CLIP = 2.0
"""Greatest standardised value, so that one step that went wrong does not hide all others."""

DRAWS, CLIMBS = 512, 4
"""Random points at which the bound is computed, and how many of them are starts of a climb."""


@dataclass
class TimeVaryingProcess:
    """The process, given data.

    Attributes:
        points: Points in a unit cube (points, dimensions).
        times: When the values were seen.
        values: The values, in any unit.
        theta: Logarithms of the kernel's parameters; those that fit the data by default.
    """

    points: Array
    times: Array
    values: Array
    theta: Array = field(default_factory=lambda: np.log(STARTS[0]))

    def __post_init__(self) -> None:
        scale = self.values.std() if len(self.values) else 0.0
        centred = self.values - self.values.mean() if len(self.values) else self.values
        self._y: Array = np.clip(centred / scale if scale > 0 else centred * 0, -CLIP, CLIP)
        if scale > 0:
            self.theta = self._fitted()
        self._mean_weights = cho_solve(self._factor(self.points, self.times), self._y)
        self._know(self.points, self.times)

    def expect(self, point: Array, time: float) -> None:
        """Takes in a point whose value will be known later."""
        self._know(np.vstack([self._known, point]), np.append(self._known_times, time))

    def _know(self, points: Array, times: Array) -> None:
        self._known, self._known_times = points, times
        self._known_factor = self._factor(points, times)

    def highest_bound(
        self, fixed: Array, free: Array, time: float, rng: np.random.Generator
    ) -> Array:
        """The point with the highest upper confidence bound.

        Args:
            fixed: A point.
            free: Its dimensions (bool) that may be changed.
            time: When it will be tried.
            rng: Draws the points that are compared first.
        """
        draws = np.tile(fixed, (DRAWS + 1, 1))
        draws[1:, free] = rng.random((DRAWS, int(free.sum())))
        bounds = self.upper_bounds(draws, time)
        best: Array = draws[int(bounds.argmax())]
        highest = float(bounds.max())

        def negated(part: Array) -> float:
            point = fixed.copy()
            point[free] = part
            return -float(self.upper_bounds(point[None], time)[0])

        for start in np.argsort(-bounds, kind="stable")[:CLIMBS]:
            limits = [(0.0, 1.0)] * int(free.sum())
            found = minimize(negated, draws[start, free], method="L-BFGS-B", bounds=limits)
            if -found.fun > highest:
                best, highest = draws[start].copy(), -float(found.fun)
                best[free] = found.x
        return best

    def upper_bounds(self, points: Array, time: float) -> Array:
        """Mean plus a multiple of the standard deviation that grows with the number of data.

        The multiple is that of the method's authors, as in Ray Tune's `PB2`.
        """
        beta = 0.2 + max(0.0, math.log(0.4 * max(len(self._y), 1)))
        mean, deviation = self.predict(points, time)
        bounds: Array = mean + math.sqrt(beta) * deviation
        return bounds

    def predict(self, points: Array, time: float) -> tuple[Array, Array]:
        """Mean and standard deviation of the function, standardised as the data are."""
        times = np.full(len(points), time)
        mean = _kernel(points, times, self.points, self.times, self.theta) @ self._mean_weights
        across = _kernel(points, times, self._known, self._known_times, self.theta)
        explained = (across * cho_solve(self._known_factor, across.T).T).sum(axis=1)
        variance = np.exp(self.theta[0]) - explained
        return mean, np.sqrt(np.maximum(variance, 1e-12))

    def _factor(self, points: Array, times: Array) -> Factor:
        covariance = _kernel(points, times, points, times, self.theta)
        covariance[np.diag_indices_from(covariance)] += np.exp(self.theta[3])
        factor: Factor = cho_factor(covariance, lower=True)
        return factor

    def _fitted(self) -> Array:
        """The parameters of the kernel that make the data most likely."""
        limits = list(zip(np.log(LOW), np.log(HIGH), strict=True))
        square = _squared(self.points, self.points)
        apart = np.abs(self.times[:, None] - self.times[None])
        found = [
            minimize(
                _unlikelihood,
                np.log(start),
                args=(square, apart, self._y),
                jac=True,
                method="L-BFGS-B",
                bounds=limits,
            )
            for start in STARTS
        ]
        best: Array = min(found, key=lambda one: float(one.fun)).x
        return best


def _squared(a: Array, b: Array) -> Array:
    difference = a[:, None] - b[None]
    squared: Array = (difference**2).sum(axis=-1)
    return squared


def _kernel(a: Array, times_a: Array, b: Array, times_b: Array, theta: Array) -> Array:
    variance, length, epsilon, _ = np.exp(theta)
    apart = np.abs(times_a[:, None] - times_b[None])
    near = np.exp(-_squared(a, b) / (2 * length**2)) * (1 - epsilon) ** (apart / 2)
    covariance: Array = variance * near
    return covariance


def _unlikelihood(theta: Array, square: Array, apart: Array, y: Array) -> tuple[float, Array]:
    """Negative logarithm of the marginal likelihood, up to a constant, and its gradient."""
    variance, length, epsilon, noise = np.exp(theta)
    plain = variance * np.exp(-square / (2 * length**2)) * (1 - epsilon) ** (apart / 2)
    factor = cho_factor(plain + noise * np.eye(len(y)), lower=True)
    weights = cho_solve(factor, y)
    value = 0.5 * float(y @ weights) + float(np.log(np.diag(factor[0])).sum())
    outer = cho_solve(factor, np.eye(len(y))) - np.outer(weights, weights)
    slopes = (
        plain,
        plain * square / length**2,
        plain * apart * (-0.5 * epsilon / (1 - epsilon)),
        noise * np.eye(len(y)),
    )
    return value, np.array([0.5 * float((outer * slope).sum()) for slope in slopes])
