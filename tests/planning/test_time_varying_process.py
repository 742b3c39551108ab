"""The model of population based bandits against scikit-learn's, and places between bounds."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter
from scipy.optimize import check_grad
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel

from tune_mc1.config.parameters import Parameter
from tune_mc1.planning.time_varying_process import (
    TimeVaryingProcess,
    _squared,
    _unlikelihood,
)
from tune_mc1.planning.unit_interval import has_bounds, place_of, value_at

LOG = {"distribution": "log_uniform_values", "min": 0.001, "max": 0.1}


def parameter(**keys: Any) -> Parameter:
    read: Parameter = TypeAdapter(Parameter).validate_python(keys)
    return read


def process(n: int = 30, theta: Sequence[float] | None = None) -> TimeVaryingProcess:
    rng = np.random.default_rng(3)
    points, times = rng.random((n, 2)), np.floor(np.linspace(0, n / 5, n, endpoint=False))
    values = np.sin(5 * points[:, 0]) + 0.1 * rng.normal(size=n)
    made = TimeVaryingProcess(points, times, values)
    if theta is not None:
        made.theta = np.log(theta)
        made._mean_weights = np.linalg.solve(covariance(made), made._y)
        made._know(points, times)
    return made


def covariance(made: TimeVaryingProcess) -> Any:
    variance, length, epsilon, noise = np.exp(made.theta)
    near = np.exp(-((made.points[:, None] - made.points[None]) ** 2).sum(-1) / (2 * length**2))
    apart = np.abs(made.times[:, None] - made.times[None])
    return variance * near * (1 - epsilon) ** (apart / 2) + noise * np.eye(len(made.points))


def test_without_time_it_is_that_of_scikit_learn() -> None:
    ours = process(theta=(1.3, 0.4, 1e-12, 0.05))
    kernel = ConstantKernel(1.3) * RBF(0.4)
    theirs = GaussianProcessRegressor(kernel, alpha=0.05, optimizer=None)
    theirs.fit(ours.points, ours._y)
    at = np.random.default_rng(4).random((7, 2))
    mean, deviation = theirs.predict(at, return_std=True)
    np.testing.assert_allclose(ours.predict(at, 9.0), (mean, deviation), rtol=1e-6)


def test_what_was_seen_long_ago_counts_less() -> None:
    made = TimeVaryingProcess(np.array([[0.5], [0.1]]), np.array([0.0, 0.0]), np.array([1.0, 0.0]))
    made.theta = np.log((1.0, 0.01, 0.19, 0.001))
    made._mean_weights = np.linalg.solve(covariance(made), made._y)
    (now,), _ = made.predict(np.array([[0.5]]), 0.0)
    (later,), _ = made.predict(np.array([[0.5]]), 4.0)
    assert later / now == pytest.approx(0.81**2)


def test_the_slopes_of_the_likelihood() -> None:
    made = process()
    square = _squared(made.points, made.points)
    apart = np.abs(made.times[:, None] - made.times[None])
    args = (square, apart, made._y)
    theta = np.log((0.7, 0.6, 0.2, 0.1))
    assert (
        check_grad(*[lambda t, *a, i=i: _unlikelihood(t, *a)[i] for i in (0, 1)], theta, *args)
        < 1e-4
    )
    least = _unlikelihood(made.theta, *args)[0]
    others = np.random.default_rng(1).uniform(np.log(0.05), np.log(0.5), (50, 4))
    assert least <= min(_unlikelihood(theta, *args)[0] for theta in others)


def test_the_point_is_the_best_of_all_and_the_next_one_is_elsewhere() -> None:
    made = process(8)
    fixed, free = np.array([0.3, 0.9]), np.array([True, False])
    first = made.highest_bound(fixed, free, 6.0, np.random.default_rng(0))
    grid = np.column_stack([np.linspace(0, 1, 2001), np.full(2001, 0.9)])
    bounds = made.upper_bounds(grid, 6.0)
    assert first[1] == 0.9
    assert made.upper_bounds(first[None], 6.0)[0] >= bounds.max() - 1e-9
    mean = made.predict(first[None], 6.0)[0]
    made.expect(first, 6.0)
    assert made.upper_bounds(first[None], 6.0)[0] < bounds.max() - 0.1
    np.testing.assert_array_equal(made.predict(first[None], 6.0)[0], mean)
    second = made.highest_bound(fixed, free, 6.0, np.random.default_rng(0))
    assert abs(second[0] - first[0]) > 0.02


BOUNDED = [
    LOG,
    {"distribution": "log_uniform", "min": -7.0, "max": -2.0},
    {"distribution": "inv_log_uniform_values", "min": 0.001, "max": 0.1},
    {"min": 0.0, "max": 0.9},
    {"min": 2, "max": 9},
    {"distribution": "q_uniform", "min": 0.0, "max": 1.0, "q": 0.1},
]


@pytest.mark.parametrize("keys", BOUNDED, ids=str)
def test_places_are_on_the_scale_of_the_distribution(keys: dict[str, Any]) -> None:
    own = parameter(**keys)
    assert has_bounds(own)
    rng = np.random.default_rng(0)
    drawn = [own.sample(rng) for _ in range(2000)]
    places = np.array([place_of(own, value) for value in drawn])
    assert 0 <= places.min() <= places.max() <= 1
    assert places.mean() == pytest.approx(0.5, abs=0.03)
    for value, place in zip(drawn[:50], places, strict=False):
        again = value_at(own, place)
        assert again == pytest.approx(value, rel=1e-9)
        assert type(again) is type(value)
    assert own.ends is not None
    for end, place in zip(own.ends, (0.0, 1.0), strict=True):
        assert value_at(own, place) == pytest.approx(end)


def test_a_zero_beside_a_logarithmic_range_is_its_lower_end() -> None:
    own = parameter(**LOG, zero=0.3)
    assert has_bounds(own)
    assert place_of(own, 0.0) == 0
