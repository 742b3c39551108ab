"""Values of `--set`: what is written is read back, and commas divide where they should."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.program_sweeps import ODD, write_program_sweep
from tune_mc1.api.words import set_options
from tune_mc1.config.load import load_sweep
from tune_mc1.config.set_text import read_value, setting_text, split_values, value_text
from tune_mc1.terminal.trial_details import trial_setting


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (3, "3"),
        (1.5, "1.5"),
        ("SGD", "SGD"),
        ("timm:resnet18", "timm:resnet18"),
        ("x y", "x y"),
        ("a,b", '"a,b"'),
        ("0.5", '"0.5"'),
        ("no", '"no"'),
        ("", '""'),
        (" x", '" x"'),
        ("1..2", '"1..2"'),
        ("1..2:x", '"1..2:x"'),
        ("a: b", '"a: b"'),
        ('"', '"\\""'),
        ("don't, or", '"don\'t, or"'),
        ("[1", '"[1"'),
        ([32, 64], "[32, 64]"),
        (["a, b", None], '["a, b", null]'),
        ({"a": [1, {"b": "c"}]}, '{"a": [1, {"b": "c"}]}'),
    ],
)
def test_what_is_written_is_read(value: Any, text: str) -> None:
    assert value_text(value) == text
    assert [read_value(piece) for piece in split_values(text)] == [value]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("1,2", ["1", "2"]),
        ("[1, 2],[3]", ["[1, 2]", "[3]"]),
        ('{a: "]", b: 1},2', ['{a: "]", b: 1}', "2"]),
        ("don't, stop", ["don't", " stop"]),
        ('"a,b",c', ['"a,b"', "c"]),
        ("a],b", ["a]", "b"]),
        ("1,", ["1", ""]),
    ],
)
def test_commas_divide_outside_of_brackets_and_quotes(text: str, pieces: list[str]) -> None:
    assert list(split_values(text)) == pieces


def test_lists_of_a_recipe_are_in_brackets() -> None:
    """They are kept as text, which would be several values."""
    assert setting_text("betas", "0.9, 0.99") == "[0.9, 0.99]"
    assert setting_text("betas", "0.9, 0.99", lists=False) == '"0.9, 0.99"'


def test_what_is_shown_of_a_program_repeats_its_trial(tmp_path: Path) -> None:
    where = write_program_sweep(tmp_path / "odd", ODD)
    tables = where.read()
    for row in list(tables.trials.values())[:6]:
        items = [f"{name}={text}" for name, text in trial_setting(tables, row)]
        again = load_sweep(where.sweep_file, overrides=items).sweep
        found = {name: getattr(again.parameters[name], "value", "?") for name in again.parameters}
        assert found == tables.columns.values(row)


def test_python_gives_lists_as_the_command_takes_them(tmp_path: Path) -> None:
    where = write_program_sweep(tmp_path / "odd", ODD)
    words = set_options({"hidden-layers": [[32], [64, 8]], "scheduler": "a,b", "lr": "0.1..1.0"})
    items = [word.removeprefix("--set=") for word in words]
    parameters = load_sweep(where.sweep_file, overrides=items).sweep.parameters
    assert parameters["hidden-layers"].values == ([32], [64, 8])  # type: ignore[union-attr]
    assert parameters["scheduler"].value == "a,b"  # type: ignore[union-attr]
    assert parameters["lr"].distribution == "uniform"
