"""Rules of W&B's own engine (package `sweeps` 0.3.0), with the values that it gives."""

from pathlib import Path

import pytest

from tests.support.sweep_files import load, mistakes
from tune_mc1.config.method import resolve_method
from tune_mc1.config.parameters import listed_values
from tune_mc1.errors import InputError
from tune_mc1.planning.draws import sample
from tune_mc1.planning.search_space import plan_trials


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sweep.yaml"


@pytest.mark.parametrize("probabilities", ["0.33333, 0.33333, 0.33333", "0.5, 0.25, 0.250010005"])
def test_sums_of_probabilities_within_its_tolerance(file: Path, probabilities: str) -> None:
    text = f"parameters: {{batch_size: {{values: [1, 2, 3], probabilities: [{probabilities}]}}}}"
    assert load(file, text).notices == []


def test_a_sum_outside_its_tolerance(file: Path) -> None:
    text = "parameters: {batch_size: {values: [1, 2], probabilities: [0.5, 0.49998]}}"
    assert "probabilities must sum to 1, got 0.99998" in mistakes(file, text)[0]


def test_a_grid_counts_from_min_and_a_random_search_from_zero(file: Path) -> None:
    text = "parameters: {batch_size: {distribution: q_uniform, min: 8, max: 100, q: 16}}"
    sweep, notices = resolve_method(load(file, text).sweep, "grid")
    trials = plan_trials(sweep)
    assert [trial.config.batch_size for trial in trials] == [8, 24, 40, 56, 72, 88]
    assert notices == [
        "parameters.batch_size: a grid counts from min in steps of q up to below max (8 to 88), "
        "as in W&B; other searches draw multiples of q (16 to 96)"
    ]
    drawn = {setting["batch_size"] for setting in sample(sweep, 200)}
    assert drawn == {16, 32, 48, 64, 80, 96}


def test_what_only_a_grid_may_have(file: Path) -> None:
    """Rounded to a multiple of q, the least value that a random search draws is 0."""
    text = "run_cap: 2\nparameters: {batch_size: {distribution: q_uniform, min: 1, max: 64, q: 8}}"
    loaded = load(file, text).sweep
    sweep, _ = resolve_method(loaded.model_copy(update={"run_cap": None}), "grid")
    assert [trial.config.batch_size for trial in plan_trials(sweep)] == list(range(1, 64, 8))
    for command in ("random", "bayes"):
        with pytest.raises(InputError, match=r"batch_size\.min: must be at least 1 .rounded"):
            resolve_method(loaded, command)


@pytest.mark.parametrize(
    ("name", "values", "kept"),
    [
        ("batch_size", "[32, 32, 64]", (32, 64)),
        ("batch_size", "[1e1, 10]", (10,)),
        ("epochs", "[2, 1, 1.0]", (2, 1)),
        ("learning_rate", "[0.1, 1e-1]", (0.1,)),
        ("model", "[CNN8, best CNN]", ("CNN8",)),
        ("hidden", "[[8, 8], [8, 8], 4]", ([8, 8], 4)),
    ],
)
def test_values_listed_twice_are_used_once(
    file: Path, name: str, values: str, kept: tuple[object, ...]
) -> None:
    loaded = load(file, f"parameters: {{{name}: {{values: {values}}}}}")
    assert listed_values(loaded.sweep.parameters[name]) == kept
    assert loaded.notices[-1].endswith(
        f"parameters.{name}: values that are listed twice are used once, as in W&B"
    )


def test_values_of_set_listed_twice_are_used_once(file: Path) -> None:
    loaded = load(file, "parameters: {epochs: {value: 1}}", "batch_size=32,32,64")
    assert listed_values(loaded.sweep.parameters["batch_size"]) == (32, 64)
    assert loaded.notices == [
        "--set batch_size: values that are listed twice are used once, as in W&B"
    ]
