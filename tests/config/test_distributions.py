"""W&B's distributions: each against its formula, by scipy."""

import math
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError
from scipy import stats

from tune_mc1.config.distribution_keys import DISTRIBUTION_KEYS
from tune_mc1.config.parameters import Parameter

PARAMETER: TypeAdapter[Parameter] = TypeAdapter(Parameter)
N = 20_000


def draw(raw: dict[str, Any], n: int = N) -> Any:
    parameter = PARAMETER.validate_python(raw)
    rng = np.random.default_rng(1)
    return np.array([parameter.sample(rng) for _ in range(n)])


E = math.e
CONTINUOUS: list[tuple[dict[str, Any], Any]] = [
    ({"distribution": "uniform", "min": 1, "max": 3}, stats.uniform(1, 2)),
    ({"min": 0.5, "max": "1e0"}, stats.uniform(0.5, 0.5)),
    ({"distribution": "log_uniform", "min": -2, "max": 1}, stats.loguniform(E**-2, E)),
    ({"distribution": "log_uniform_values", "min": 1e-4, "max": 0.1}, stats.loguniform(1e-4, 0.1)),
    ({"distribution": "inv_log_uniform", "min": -1, "max": 2}, stats.loguniform(E**-2, E)),
    ({"distribution": "inv_log_uniform_values", "min": 2, "max": 9}, stats.loguniform(2, 9)),
    ({"distribution": "normal"}, stats.norm(0, 1)),
    ({"distribution": "normal", "mu": 3, "sigma": 0.5}, stats.norm(3, 0.5)),
    ({"distribution": "log_normal", "mu": 1, "sigma": 0.5}, stats.lognorm(0.5, scale=E)),
    ({"distribution": "beta"}, stats.uniform(0, 1)),
    ({"distribution": "beta", "a": 2, "b": 5}, stats.beta(2, 5)),
]


@pytest.mark.parametrize(("raw", "law"), CONTINUOUS, ids=lambda x: str(x)[:60])
def test_continuous(raw: dict[str, Any], law: Any) -> None:
    values = draw(raw)
    assert stats.kstest(values, law.cdf).pvalue > 0.01
    low, high = law.support()
    assert low <= values.min()
    assert values.max() <= high


QUANTISED: list[tuple[dict[str, Any], Any]] = [
    ({"distribution": "q_uniform", "min": 0, "max": 2, "q": 0.25}, stats.uniform(0, 2)),
    ({"distribution": "q_uniform", "min": 1, "max": 10, "q": 4}, stats.uniform(1, 9)),
    ({"distribution": "q_log_uniform", "min": 0, "max": 3}, stats.loguniform(1, E**3)),
    (
        {"distribution": "q_log_uniform_values", "min": 1, "max": 100, "q": 8},
        stats.loguniform(1, 100),
    ),
    ({"distribution": "q_normal", "mu": 1, "sigma": 2, "q": 0.5}, stats.norm(1, 2)),
    ({"distribution": "q_log_normal", "mu": 1, "sigma": 1}, stats.lognorm(1, scale=E)),
    ({"distribution": "q_beta", "a": 2, "b": 2, "q": 0.1}, stats.beta(2, 2)),
]


@pytest.mark.parametrize(("raw", "law"), QUANTISED, ids=lambda x: str(x)[:60])
def test_quantised(raw: dict[str, Any], law: Any) -> None:
    """Every draw is the multiple of q next to one of the unquantised law."""
    q = raw.get("q", 1)
    steps = draw(raw) / q
    whole = np.round(steps)
    np.testing.assert_allclose(steps, whole, atol=1e-6)
    levels, counts = np.unique(whole, return_counts=True)
    expected = law.cdf((levels + 0.5) * q) - law.cdf((levels - 0.5) * q)
    assert expected.sum() > 0.998  # the rest is the far tail, drawn rarely
    common = expected > 5 / N
    scale = counts[common].sum() / expected[common].sum()
    assert stats.chisquare(counts[common], expected[common] * scale).pvalue > 0.01


def test_quantised_values_have_no_rounding_noise() -> None:
    assert set(draw({"distribution": "q_uniform", "min": 0, "max": 0.5, "q": 0.1}, 500)) == {
        0.0,
        0.1,
        0.2,
        0.3,
        0.4,
        0.5,
    }


def test_quantised_ends_are_rounded_not_clipped() -> None:
    """As in W&B: `round(1 / 4) * 4` is 0, below min."""
    values = draw({"distribution": "q_uniform", "min": 1, "max": 10, "q": 4}, 500)
    assert set(values) == {0.0, 4.0, 8.0}


@pytest.mark.parametrize(
    ("raw", "probabilities"),
    [
        ({"values": ["a", "b", "c"]}, {"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}),
        ({"values": ["a", "b"], "probabilities": [0.9, "1e-1"]}, {"a": 0.9, "b": 0.1}),
        ({"min": 3, "max": 5}, {3: 1 / 3, 4: 1 / 3, 5: 1 / 3}),
        ({"distribution": "int_uniform", "min": -1, "max": 0}, {-1: 0.5, 0: 0.5}),
        ({"value": 7}, {7: 1.0}),
    ],
)
def test_discrete(raw: dict[str, Any], probabilities: dict[Any, float]) -> None:
    levels, counts = np.unique(draw(raw), return_counts=True)
    assert levels.tolist() == list(probabilities)
    expected = np.array(list(probabilities.values())) * N
    assert len(levels) == 1 or stats.chisquare(counts, expected).pvalue > 0.01


@pytest.mark.parametrize(
    ("raw", "distribution"),
    [
        ({"value": None}, "constant"),
        ({"values": [1]}, "categorical"),
        ({"values": [1], "probabilities": [1]}, "categorical_w_probabilities"),
        ({"min": 1, "max": 2}, "int_uniform"),
        ({"min": 1.0, "max": 2}, "uniform"),
        ({"min": 1, "max": 2.0}, "uniform"),
        ({"min": "1e-3", "max": 1}, "uniform"),
    ],
)
def test_inferred_as_by_wandb(raw: dict[str, Any], distribution: str) -> None:
    assert PARAMETER.validate_python(raw).distribution == distribution


@pytest.mark.parametrize(
    ("raw", "where", "text"),
    [
        ({"min": 2, "max": 2}, (), "min must be less than max"),
        ({"min": 2.5, "max": 2}, (), "min must be less than max"),
        ({"min": 1}, ("max",), "required"),
        ({"distribution": "uniform", "max": 1}, ("min",), "required"),
        ({"distribution": "log_uniform_values", "min": 0, "max": 1}, (), "greater than 0"),
        ({"distribution": "q_uniform", "min": 0, "max": 1, "q": 0}, ("q",), "greater than 0"),
        (
            {"distribution": "uniform", "min": 0, "max": 1, "q": 1},
            (),
            "q is only valid with q_uniform",
        ),
        ({"distribution": "normal", "sigma": 0}, ("sigma",), "greater than 0"),
        ({"distribution": "normal", "min": 0}, ("min",), "not permitted"),
        ({"distribution": "beta", "a": -1}, ("a",), "greater than 0"),
        ({"distribution": "int_uniform", "min": 0.5, "max": 2}, ("min",), "integer"),
        ({"values": []}, ("values",), "at least 1"),
        ({"values": [1, 2], "probabilities": [1]}, (), "the same length as values"),
        ({"values": [1, 2], "probabilities": [0.5, 0.4]}, (), "sum to 1"),
        ({"values": [1, 2], "probabilities": [1.5, -0.5]}, ("probabilities", 0), "less than"),
        ({"value": 1, "values": [1]}, ("values",), "not permitted"),
        ({"distribution": "uniform", "min": True, "max": 2}, ("min",), "must be a number"),
        ({"distribution": "uniform", "min": 0, "max": math.inf}, ("max",), "finite"),
    ],
)
def test_wrong_keys_are_refused(raw: dict[str, Any], where: tuple[Any, ...], text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        PARAMETER.validate_python(raw)
    assert any(e["loc"][1:] == where and text in e["msg"] for e in caught.value.errors())


def test_every_distribution_of_wandb_is_known() -> None:
    names = (
        "constant categorical categorical_w_probabilities int_uniform uniform q_uniform "
        "log_uniform log_uniform_values q_log_uniform q_log_uniform_values inv_log_uniform "
        "inv_log_uniform_values normal q_normal log_normal q_log_normal beta q_beta"
    )
    assert set(DISTRIBUTION_KEYS) == {*names.split(), "same_as"}, "and ours"
