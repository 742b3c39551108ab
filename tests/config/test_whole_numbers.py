"""Numbers such as `1e1`, which YAML reads as text, where a whole number is needed."""

from pathlib import Path

import pytest

from tests.support.sweep_files import load, mistakes
from tune_mc1.config.aliases import parameter_name
from tune_mc1.config.parameters import Categorical, Constant, IntUniform


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sweep.yaml"


@pytest.mark.parametrize(
    ("entry", "parameter"),
    [
        ("{value: 1e1}", Constant(value=10)),
        ("{value: 1.0e+1}", Constant(value=10)),
        ("{values: [1e1, 32, 1.5E2]}", Categorical(values=(10, 32, 150))),
        ("{min: 1e1, max: 1e2}", IntUniform(distribution="int_uniform", min=10, max=100)),
        ("{min: 8, max: 1e2}", IntUniform(distribution="int_uniform", min=8, max=100)),
        (
            "{distribution: int_uniform, min: 1e0, max: 2e0}",
            IntUniform(distribution="int_uniform", min=1, max=2),
        ),
    ],
)
def test_1e1_is_a_whole_number(file: Path, entry: str, parameter: Constant) -> None:
    for name in ("epochs", "bs"):
        loaded = load(file, f"method: random\nparameters: {{{name}: {entry}}}\n")
        read = loaded.sweep.parameters[parameter_name(name)]
        assert repr(read) == repr(parameter)


def test_other_keys_and_real_numbers(file: Path) -> None:
    text = "run_cap: 1e2\nparameters: {learning_rate: {min: 1e1, max: 1e2}, epochs: {value: 1}}\n"
    sweep = load(file, text, "epochs=1e1,2").sweep
    assert repr(sweep.run_cap) == "100"
    assert repr(sweep.parameters["epochs"]) == repr(Categorical(values=(10, 2)))
    assert sweep.parameters["learning_rate"].distribution == "uniform", "no integers only"


@pytest.mark.parametrize(
    ("entry", "rule"),
    [
        ("{value: 15e-1}", ".value: must be a whole number, got '15e-1'"),
        ("{value: 1e999}", ".value: must be a finite number, got '1e999'"),
        ("{min: 1e-1, max: 1e1}", ".distribution: epochs is an integer; use int_uniform or"),
    ],
)
def test_a_number_that_is_not_whole(file: Path, entry: str, rule: str) -> None:
    lines = mistakes(file, f"parameters: {{epochs: {entry}}}\n")
    assert lines[0].startswith(f"sweep.yaml:1: parameters.epochs{rule}")
