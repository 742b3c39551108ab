"""Commands `show` and `list` on results of programs."""

import json
import re
from pathlib import Path

import pytest

from tests.support.figure_sweeps import GRID, write_sweep
from tests.support.in_process import run_here
from tests.support.program_sweeps import ODD, write_program_sweep
from tune_mc1.results.settings import means_of_runs
from tune_mc1.results.summary import summarize, summarize_runs
from tune_mc1.terminal.formatting import metric_text, wrapped

NO_METRIC = """
program: t.py
method: grid
parameters: {a/b: {values: [1, 2]}, c: {values: [null, x]}}
"""
REPEATS = """
program: t.py
method: random
run_cap: 8
metric: {name: val loss}
parameters: {a: {values: [1, 2]}}
"""


def shown(folder: Path, *words: str, columns: int = 100) -> str:
    done = run_here("show", folder, *words, cwd=folder.parent, COLUMNS=str(columns))
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_show_keeps_lines_within_the_terminal(tmp_path: Path) -> None:
    write_program_sweep(tmp_path / "odd names", ODD)
    text = shown(tmp_path / "odd names", columns=80)
    table, _, rest = text.partition("No room for: ")
    assert max(map(len, table.splitlines())) <= 80
    assert re.search(r"^ ?1 +t\d{4} ", table, re.MULTILINE)
    assert "…" not in table
    assert "epoch" not in text
    assert rest.startswith("model.use augmentation, scheduler, mixed, score, trial, at iter")
    assert "Best: t" in rest
    assert "show 'odd names'" in rest

    wide = shown(tmp_path / "odd names", columns=220)
    assert "No room" not in wide
    assert "at iteration" in wide
    assert "param.trial" not in wide
    assert '{"a": 1}' in wide


def test_show_without_a_metric(tmp_path: Path) -> None:
    write_program_sweep(
        tmp_path / "r",
        NO_METRIC,
        lambda v, t, i: {"val/acc": t + i / 10, "loss": 1e-5},
        iterations=2,
    )
    text = shown(tmp_path / "r")
    assert re.search(r"# +trial +a/b +c +last val/acc +last loss +logs +state", text)
    assert re.search(r"2 +t0002 +1 +x +2\.2000 +1e-05 +2 +completed", text)
    assert "best" not in text.lower()


def test_show_of_repeats(tmp_path: Path) -> None:
    write_program_sweep(
        tmp_path / "r", REPEATS, lambda v, t, i: {"val loss": v["a"] / 1e5}, iterations=1
    )
    text = shown(tmp_path / "r")
    assert re.search(r"1 +1 +1e-05 +0\.0000 +(\d) of \1", text)
    assert "±" not in text  # no interval of width 0
    assert re.search(r"Best: [t0-9, ]+: val loss 1e-05\n", text)
    no_seed = "Repeats: 6 trials have the setting of another and no seed; that is no replicate"
    assert no_seed in text
    seeded = REPEATS.replace("}}", "}, seed: {values: [0, 1]}}")
    write_program_sweep(tmp_path / "s", seeded, lambda v, t, i: {"val loss": t}, iterations=1)
    text = shown(tmp_path / "s")
    count = 8 - len(set(re.findall(r"^ *\d+ +t\d+ +(\d +\d) ", text, re.MULTILINE)))
    assert re.search(rf"Repeats: {count} trials? ha\w+ the setting of another and seed", text)


def test_show_as_json(tmp_path: Path) -> None:
    write_program_sweep(tmp_path / "r", ODD)
    found = json.loads(shown(tmp_path / "r", "--json"))
    assert found["sweep"]["program"] == "train.py"
    assert "classes" not in found["sweep"]
    assert found["trials"][0]["mixed"] in (None, "0.5", '"auto"', '{"a": 1}')


def test_list_of_programs_and_of_ours(tmp_path: Path) -> None:
    write_program_sweep(tmp_path / "odd", ODD)
    write_program_sweep(tmp_path / "plain", NO_METRIC, lambda v, t, i: {"x": i}, iterations=1)
    done = run_here("list", tmp_path, cwd=tmp_path, COLUMNS="200")
    assert "data" not in done.stdout
    assert re.search(
        r"odd +asha +train.py +.*metrics/mAP50\(B\) in percent \d\d\.\d{4} +t\d{4}", done.stdout
    )
    assert re.search(r"plain +grid +t.py +4 completed +- +-", done.stdout)

    write_sweep(tmp_path / "ours", GRID)
    done = run_here("list", tmp_path, cwd=tmp_path, COLUMNS="200")
    assert "data or program" in done.stdout
    rows = json.loads(run_here("list", tmp_path, "--json", cwd=tmp_path).stdout)["sweeps"]
    ours = next(row for row in rows if row["directory"].endswith("ours"))
    assert "program" not in ours
    assert ours["data"] == "made-up"
    plain = next(row for row in rows if row["directory"].endswith("plain"))
    assert (plain["program"], plain["best"], plain["best_trial"]) == ("t.py", None, None)


@pytest.mark.parametrize(
    ("scores", "seeds", "interval"),
    [
        ([1.0, 1.0, 2.0, 2.0, 3.0, 3.0], [0, 0, 1, 1, 2, 2], True),
        ([1.0, 2.0], [7, 7], False),  # repeats of one seed
        ([1.0, 1.0, 1.0], [0, 1, 2], False),  # no spread
        ([1.0, 2.0], ["t0001", "t0002"], False),  # too few
        ([], [], False),
    ],
)
def test_an_interval_is_over_seeds(
    scores: list[float], seeds: list[object], interval: bool
) -> None:
    pairs = [
        ({"seed": seed, "fold": None}, score) for seed, score in zip(seeds, scores, strict=True)
    ]
    runs = means_of_runs(pairs)
    found = summarize_runs(runs, len(scores))
    assert (found.low is not None) is interval
    assert (found.n, found.runs) == (len(scores), len(set(seeds)))
    if len(scores) == 6:
        once = summarize([1.0, 2.0, 3.0])
        assert (found.mean, found.low, found.high) == (once.mean, once.low, once.high)


def test_numbers_of_any_size() -> None:
    assert metric_text(1.23e-5, of_program=True) == "1.23e-05"
    assert metric_text(1.23e-5) == "0.0000"
    assert metric_text(0.5, of_program=True) == "0.5000"
    assert metric_text(0.0, of_program=True) == "0.0000"
    assert metric_text(None, of_program=True) == "-"
    assert metric_text(136886.0) == "136886"
    assert metric_text(1.0) == "1.0000"


def test_long_names_are_broken_at_their_parts() -> None:
    assert wrapped("optim/learning.rate", 14) == ["optim/", "learning.rate"]
    assert wrapped("short", 14) == ["short"]
    assert wrapped("x" * 30, 14) == ["x" * 14, "x" * 14, "x" * 2]
    assert "".join(wrapped("a-b_c.d/e f" * 9, 7)).replace(" ", "") == "a-b_c.d/ef" * 9
