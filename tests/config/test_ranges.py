"""Ranges on the command line."""

from pathlib import Path

import pytest

from tests.support.sweep_files import BASE, load, mistakes

PROGRAM = "program: train.py\nmethod: random\nparameters: {lr: {value: 1}}\n"


@pytest.mark.parametrize(
    ("text", "name", "distribution", "ends"),
    [
        ("lr=1e-4..1e-1:log", "learning_rate", "log_uniform_values", (1e-4, 1e-1)),
        ("learning_rate=0.01..0.1", "learning_rate", "uniform", (0.01, 0.1)),
        ("momentum=0..0.9", "momentum", "uniform", (0, 0.9)),
        ("momentum=.5...9", "momentum", "uniform", (0.5, 0.9)),
        ("epochs=2..9", "epochs", "int_uniform", (2, 9)),
        ("batch_size= 16..256 : log ", "batch_size", "q_log_uniform_values", (16, 256)),
    ],
)
def test_a_range_is_that_of_a_file(
    tmp_path: Path, text: str, name: str, distribution: str, ends: tuple[float, float]
) -> None:
    parameter = load(tmp_path / "a.yaml", BASE, text).sweep.parameters[name]
    assert parameter.distribution == distribution
    assert (parameter.min, parameter.max) == ends  # type: ignore[union-attr]
    own = text.replace("lr=", "lr2=")
    (tmp_path / "train.py").touch()
    program = load(tmp_path / "p.yaml", PROGRAM, own).sweep.parameters
    assert program[own.partition("=")[0]] == parameter


def test_mistakes_of_ranges(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    assert mistakes(file, BASE, "lr=0.1..0.01:log") == [
        "--set lr: min must be less than max (0.01), got 0.1"
    ]
    assert mistakes(file, BASE, "lr=-1..0.01") == ["--set lr: must be greater than 0, got -1.0"]
    assert mistakes(file, BASE, "lr=0.1..1:lin") == [
        "--set lr: a range LOW..HIGH may only end with :log, got '0.1..1:lin'"
    ]
    assert mistakes(file, PROGRAM, "x=3..1") == ["--set x: min must be less than max (1), got 3"]
