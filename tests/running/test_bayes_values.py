"""A Bayesian search draws from every distribution that a program's file can name."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import ks_2samp

from tune_mc1.config.load import load_program_content
from tune_mc1.config.sweep import Sweep
from tune_mc1.planning.draws import sample

pytest.importorskip("optuna")

from tune_mc1.running.search.bayes.search import BayesSearch

PARAMETERS: dict[str, Any] = {
    "constant": {"value": [64, {"a": None}]},
    "listed": {"values": [None, "x", [1, 2], True]},
    "weighted": {"values": ["often", "rare", "never"], "probabilities": [0.9, 0.1, 0]},
    "whole": {"min": 1, "max": 3},
    "real": {"min": 0.0, "max": 1.0},
    "q_uniform": {"distribution": "q_uniform", "min": 0, "max": 100, "q": 25},
    "q_tenth": {"distribution": "q_uniform", "min": 0, "max": 0.3, "q": 0.1},
    "log/exponents": {"distribution": "log_uniform", "min": -9.2, "max": -4.6},
    "q_log": {"distribution": "q_log_uniform_values", "min": 32, "max": 256, "q": 8},
    "q_log_exponents": {"distribution": "q_log_uniform", "min": 0, "max": 3},
    "inverse": {"distribution": "inv_log_uniform_values", "min": 0.1, "max": 1.0},
    "normal": {"distribution": "normal", "mu": 1.5, "sigma": 0.2},
    "q_normal": {"distribution": "q_normal", "mu": 10, "sigma": 2, "q": 2},
    "log_normal": {"distribution": "log_normal"},
    "beta": {"distribution": "beta", "a": 2, "b": 2},
    "q_beta": {"distribution": "q_beta", "a": 2, "b": 2, "q": 0.25},
}


def sweep_of(parameters: dict[str, Any]) -> Sweep:
    sampler = {"type": "tpe", "n_startup_trials": 0}  # Optuna draws all
    content = {"program": "x.py", "method": "bayes", "metric": {"name": "a"}, "sampler": sampler}
    return load_program_content(Path("x.yaml"), {**content, "parameters": parameters}).sweep


def drawn(sweep: Sweep, n: int) -> list[dict[str, Any]]:
    """Suggestions of which none is told, so that they stay those of the prior."""
    search = BayesSearch(sweep)
    return [dict(search.ask(f"t{i:04d}") or {}) for i in range(n)]


def test_every_distribution() -> None:
    sweep = sweep_of(PARAMETERS)
    settings = drawn(sweep, 300)
    assert all(set(setting) == set(PARAMETERS) for setting in settings)
    values = {name: [setting[name] for setting in settings] for name in PARAMETERS}
    assert values["constant"] == [[64, {"a": None}]] * 300
    assert {repr(value) for value in values["listed"]} == {"None", "'x'", "[1, 2]", "True"}
    assert set(values["whole"]) == {1, 2, 3}
    assert set(map(repr, values["q_uniform"])) == {"0", "25", "50", "75", "100"}
    assert set(values["q_tenth"]) == {0.0, 0.1, 0.2, 0.3}
    assert all(type(v) is int and v % 8 == 0 and 32 <= v <= 256 for v in values["q_log"])
    assert all(type(v) is int and 1 <= v <= 20 for v in values["q_log_exponents"])
    assert all(1e-4 < v < 0.011 for v in values["log/exponents"])
    assert all(type(v) is int and v % 2 == 0 for v in values["q_normal"])
    assert set(values["q_beta"]) <= {0.0, 0.25, 0.5, 0.75, 1.0}
    counts = Counter(values["weighted"])
    assert set(counts) == {"often", "rare"}
    assert 240 < counts["often"] < 295


@pytest.mark.parametrize("name", ["real", "log/exponents", "q_log", "inverse", "normal", "q_normal",
                                  "log_normal", "beta"])  # fmt: skip
def test_values_are_distributed_as_in_a_random_search(name: str) -> None:
    sweep = sweep_of({name: PARAMETERS[name]})
    ours = [setting[name] for setting in drawn(sweep, 400)]
    others = [setting[name] for setting in sample(sweep, 400)]
    assert ks_2samp(ours, others).pvalue > 1e-4


def test_a_program_without_anything_that_varies_runs() -> None:
    assert drawn(sweep_of({"lr": {"value": 0.1}}), 3) == [{"lr": 0.1}] * 3
