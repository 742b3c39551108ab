"""Pages and statistics of sweeps of programs."""

import html
import math
import re
from pathlib import Path

import numpy as np
import pytest
import yaml

from tests.support.figure_reading import words
from tests.support.figure_sweeps import GRID, write_sweep
from tests.support.in_process import run_here, sweep_here
from tests.support.program_sweeps import METRIC, ODD, OF_TRAINING, Logged, write_program_sweep
from tune_mc1.config.metrics import Goal
from tune_mc1.errors import InputError
from tune_mc1.reporting.by_metric import by_metric
from tune_mc1.reporting.figure_sets import compare_figures, make_figures
from tune_mc1.reporting.frames import SweepFrames, read_frames
from tune_mc1.reporting.pages.sections import warnings
from tune_mc1.reporting.statistics.sweep_statistics import SweepStatistics
from tune_mc1.reporting.write_report import write_report

pytestmark = pytest.mark.usefixtures("quick_figures")


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> SweepFrames:
    where = write_program_sweep(tmp_path_factory.mktemp("odd") / "odd", ODD)
    return read_frames(where.root)


def sweep(folder: Path, text: str, logged: Logged, iterations: int = 4) -> SweepFrames:
    where = write_program_sweep(folder / "results", text, logged, iterations=iterations)
    return read_frames(where.root)


def text_of(page: Path) -> str:
    """The words of a page, without its sweep file."""
    bare = re.sub(r"(?s)<(script|style|details)\b.*?</\1>", "", page.read_text())
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", bare)))


@pytest.mark.parametrize("lang", ["en", "de"])
def test_page_and_slides(odd: SweepFrames, tmp_path: Path, lang: str) -> None:
    page = write_report([odd.where.root], tmp_path, "de" if lang == "de" else "en")
    text = text_of(page)
    assert re.search(OF_TRAINING, text) is None
    assert "train.py" in text
    for name in map(odd.own_name, odd.varied):
        assert name in text
    assert "param." not in text
    assert "scheduler: cosine − null" in text
    best = odd.trials[f"best_{METRIC}"].max()
    assert f"{METRIC} {best:.2f}" in text
    slides = (tmp_path / "slides.md").read_text()
    for link in re.findall(r"!\[\]\(([^)]*)\)", slides):
        assert " " not in link
        assert (tmp_path / link).is_file()
    assert "image classifiers" not in slides
    assert "Bildklassifikatoren" not in slides


def test_a_published_copy_names_no_place(odd: SweepFrames, tmp_path: Path) -> None:
    page = write_report([odd.where.root], tmp_path / "out", "en", tables=True)
    copy = tmp_path / "out" / "odd-names"
    assert yaml.safe_load((copy / "sweep.yaml").read_text())["directory"] == "."
    assert read_frames(copy).varied == odd.varied
    assert str(odd.where.root) not in page.read_text()
    assert str(Path.cwd()) not in page.read_text() + (copy / "sweep.yaml").read_text()


NO_METRIC = (
    "program: t.py\nmethod: grid\nparameters: {a/b: {values: [1, 2]}, c: {values: [null, x]}}\n"
)


def test_a_sweep_without_a_metric(tmp_path: Path) -> None:
    frames = sweep(tmp_path, NO_METRIC, lambda values, t, i: {"val/acc": t + i / 10, "loss": 1 / i})
    text = text_of(write_report([frames.where.root], tmp_path / "out", "en"))
    assert "The sweep names no metric" in text
    assert "Trial a/b c Last val/acc Last loss Iterations State" in text
    assert "t0002 1 x 2.4 0.25 4 completed" in text
    assert make_figures(frames, "en").specs == ()


@pytest.mark.parametrize("goal", ["minimize", "maximize"])
def test_a_report_by_any_metric_that_was_logged(
    odd: SweepFrames, tmp_path: Path, goal: Goal
) -> None:
    """Trials are scored anew, from what they logged; what the sweep was stays in its file."""
    page = write_report([odd.where.root], tmp_path, "en", metric="val/loss", goal=goal).read_text()
    by_trial = odd.history.groupby("trial")["val/loss"]
    scores = by_trial.min() if goal == "minimize" else by_trial.max()
    best = scores.min() if goal == "minimize" else scores.max()
    frames = by_metric(odd, "val/loss", goal)
    assert frames.trials.set_index("trial")["best_val/loss"].to_dict() == scores.to_dict()
    assert f"val/loss {best:.{frames.decimals()}f}" in page
    assert 'alt="Learning curves of all trials"' in page
    assert "name: metrics/mAP50(B) in percent" in page


def test_metrics_that_cannot_be(odd: SweepFrames) -> None:
    with pytest.raises(InputError, match=r"must be a metric of .*, did you mean 'val/loss'"):
        by_metric(odd, "val/los")
    with pytest.raises(InputError, match="--goal: must be maximize or minimize for 'val/loss'"):
        by_metric(odd, "val/loss")


def test_a_metric_that_nobody_logged(tmp_path: Path) -> None:
    text = NO_METRIC + "metric: {name: val/acc}\n"
    frames = sweep(tmp_path, text, lambda values, t, i: {}, iterations=0)
    page = text_of(write_report([frames.where.root], tmp_path / "out", "en"))
    assert "no trial has logged the metric" in page
    assert "No trial has a score yet." in page


REPEATS = """
program: t.py
method: random
run_cap: 12
metric: {name: val_acc, goal: maximize}
parameters: {a: {values: [1, 2]}}
"""


def test_equal_repeats_have_no_interval(tmp_path: Path) -> None:
    frames = sweep(tmp_path, REPEATS, lambda v, t, i: {"val_acc": 70.0 + v["a"] + i})
    found = SweepStatistics(frames)
    (marginal,) = found.marginals
    assert [m.mean for m in marginal.means] == [75.0, 76.0]
    assert all(math.isnan(m.low) for m in marginal.means)
    assert "Where there is no interval" in marginal.reason.en
    (comparison,) = found.tests.comparisons
    assert (comparison.effect.unit, comparison.effect.known) == ("repeat", False)
    assert "more repeat" in comparison.more.text.en
    text = text_of(write_report([frames.where.root], tmp_path / "out", "en"))
    assert "repeats that differ by chance alone" in text
    assert re.search(r"All settings # a Mean 95 % interval SD Trials 1 2 76\.00 – 0\.00 \d", text)
    figure = make_figures(frames, "en")["curves_a"]
    assert "no band" in figure.caption


def test_repeats_that_differ_have_an_interval(tmp_path: Path) -> None:
    frames = sweep(tmp_path, REPEATS, lambda v, t, i: {"val_acc": 70.0 + v["a"] + t % 5 + i})
    found = SweepStatistics(frames)
    (marginal,) = found.marginals
    assert {m.unit for m in marginal.means} == {"repeat"}
    assert all(m.low < m.mean < m.high for m in marginal.means)
    assert "over repeats" in marginal.reason.en


SEEDS = """
program: t.py
method: grid
metric: {name: val_loss}
parameters: {a: {values: [1, 2, 3]}, seed: {values: [0, 1, 2]}}
"""


def test_trials_of_a_program_with_seeds_are_paired_by_seed(tmp_path: Path) -> None:
    frames = sweep(
        tmp_path, SEEDS, lambda v, t, i: {"val_loss": 1e-5 * (v["a"] + v["seed"] * v["a"] / 9)}
    )
    assert frames.varied == ["a"]
    tests = SweepStatistics(frames).tests
    assert all(c.effect.unit == "seed" and c.effect.known for c in tests.comparisons)
    text = text_of(write_report([frames.where.root], tmp_path / "out", "en"))
    assert "a=1 (t0001, t0002, t0003) Score val_loss 0.00001" in text
    assert "repeats" not in text


def test_trials_with_equal_seeds_are_repeats(tmp_path: Path) -> None:
    equal = REPEATS.replace("}}", "}, seed: {value: 3}}")
    frames = sweep(tmp_path, equal, lambda v, t, i: {"val_acc": 70.0 + v["a"] + t % 5 + i})
    (marginal,) = SweepStatistics(frames).marginals
    assert all(math.isnan(m.low) for m in marginal.means), "one seed, however often it ran"
    assert warnings(frames, lambda key, **_: key) == ["warn_equal_seeds"]


def test_programs_and_our_training_in_one_report(tmp_path: Path) -> None:
    ours = write_sweep(tmp_path / "ours", GRID)
    one, other = (
        sweep(tmp_path / n, f"name: {n}\n{REPEATS}", lambda v, t, i: {"val_acc": 60.0 + t + i})
        for n in ("adam", "first_grid")  # names of studies
    )
    page = write_report([f.where.root for f in (ours, one, other)], tmp_path / "out", "en")
    text = text_of(page)
    assert "Conclusions, tested" not in text
    assert "Data: made-up" not in text.split("Program t.py")[1]
    figures = list(compare_figures([ours, one, other], "en"))
    assert {spec.name for spec in figures} == {"compare_winners", "compare_adam_first_grid"}
    assert "tiny" not in words(figures[0].figure())


PROGRAM = """
import json, sys
import tune_mc1
width = json.loads(dict(word.split("=", 1) for word in sys.argv[1:])["--net/width"])
for step in range(3):
    tune_mc1.report({"val acc": 0.1 * len(width) + 0.01 * step, "lr": 0.1}, step=step)
"""


def test_a_real_sweep_of_a_program(tmp_path: Path) -> None:
    (tmp_path / "t.py").write_text(PROGRAM)
    content = {
        "program": "t.py",
        "method": "grid",
        "metric": {"name": "val acc", "goal": "maximize"},
        "parameters": {"net/width": {"values": [[8], [8, 16]]}, "lr": {"value": 1}},
    }
    ran = sweep_here(tmp_path, content, "grid", "--wandb", "disabled")
    assert ran.status == 0, ran.err
    assert run_here("report", ran.root, cwd=tmp_path).returncode == 0
    frames = read_frames(ran.root)
    assert list(frames.trials["net/width"]) == ["[8]", "[8, 16]"]
    assert np.allclose(frames.trials["best_val acc"], [0.12, 0.22])
    text = text_of(ran.root / "report" / "report.html")
    assert "Setting net/width=[8, 16] (t0002) Score val acc 0.2200" in text
    shown = run_here("show", ran.root, cwd=tmp_path).stdout
    assert re.search(r"1 +t0002 +\[8, 16\] +0\.2200 +3/3 +completed", shown), shown
