"""Tables of the terminal: columns for which there is no room go, and no letter is cut."""

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from tests.support.figure_sweeps import ASHA, write_sweep
from tests.support.in_process import run_here
from tune_mc1.config.load import sweep_of
from tune_mc1.config.set_text import value_text
from tune_mc1.results.directory import ResultDir
from tune_mc1.terminal.fitting import Column, fitted, print_fitted

NAMES = ["timm:convnext_atto", "torchvision:mobilenet_v3_small"]


def columns() -> list[Column]:
    return [
        Column("trial", ["t0001", "t0002"], left=True),
        Column("model", NAMES, 1),
        Column("learning_rate", ["0.14285714285714285", "0.1"], 1),
        Column("best val_acc", ["0.5000", "0.4000"]),
        Column("state", ["completed", "diverged"]),
        Column("time", ["6s", "1h 05m"], 4),
    ]


@pytest.mark.parametrize(
    ("width", "left_out"),
    [
        (200, []),
        (100, []),
        (86, ["time"]),
        (60, ["learning_rate", "time"]),  # the first parameter stays
        (40, ["model", "learning_rate"]),  # the time has room, they have not
        (20, ["model", "learning_rate", "time"]),
    ],
)
def test_columns_go_and_letters_stay(width: int, left_out: list[str]) -> None:
    table = fitted(columns(), width)
    assert table.left_out == left_out
    lines = table.text.plain.splitlines()
    assert max(map(len, lines)) <= max(width, 31)
    shown = [column for column in columns() if column.heading not in left_out]
    for row in (0, 1):
        found = lines[row - 2].split("  ")
        assert [word.strip() for word in found if word] == [c.cells[row] for c in shown]
    heads = " ".join(" ".join(lines[:-2]).split())
    assert all(part in heads for column in shown for part in column.heading.split("_"))


def test_words_of_a_heading_stay_whole() -> None:
    table = fitted([Column("model.use augmentation", ["true"]), Column("state", ["failed"])], 40)
    assert table.text.plain.splitlines()[:2] == ["   model.use", "augmentation   state"]


def test_it_is_said_which_columns_have_no_room() -> None:
    out = StringIO()
    print_fitted(columns(), Console(file=out, width=60), "show --json")
    assert "No room for: learning_rate, time (a wider terminal, or show --json)" in out.getvalue()


def test_list_shows_whole_directories(tmp_path: Path) -> None:
    name = "a-sweep-with-a-name-that-is-longer-than-its-terminal-is-wide-20261124-101500"
    write_sweep(tmp_path / name, ASHA)
    done = run_here("list", tmp_path, cwd=tmp_path, COLUMNS="60")
    assert f"\n{name} " in done.stdout
    assert "…" not in done.stdout
    assert "stopped" in done.stdout


def test_values_are_what_can_be_typed_back(tmp_path: Path) -> None:
    where = ResultDir(tmp_path / "halving")
    write_sweep(where.root, ASHA)
    row = where.read().ranked()[0]
    for words in (["show", where.root], ["show", where.root, row["trial"]]):
        done = run_here(*map(str, words), cwd=tmp_path, COLUMNS="200")
        shown = value_text(row["learning_rate"])
        assert shown in done.stdout.split()
        sweep = sweep_of([f"learning_rate={shown}", f"model={row['model']}"]).sweep
        assert sweep.parameters["learning_rate"].value == row["learning_rate"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (1.0, "1"),
        (0.1, "0.1"),
        (1 / 7, "0.14285714285714285"),
        (1e-5, "1e-05"),
        (2e20, "2e+20"),
        (float("inf"), "inf"),
        ("SGD", "SGD"),
    ],
)
def test_values_as_text(value: object, text: str) -> None:
    assert value_text(value) == text
