"""Reports on sweeps of programs: any parameters, any metric, nothing of built-in training."""

import html
import math
import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from matplotlib.axes import Axes
from matplotlib.text import Text as Label

from tests.support.figure_reading import lines, words
from tests.support.figure_sweeps import GRID, write_sweep
from tests.support.in_process import run_here, sweep_here
from tests.support.program_sweeps import ODD, Logged, odd_metrics, write_program_sweep
from tune_mc1.reporting.drawing.spec import file_name
from tune_mc1.reporting.figure_sets import FigureSet, compare_figures, make_figures
from tune_mc1.reporting.frames import SweepFrames, plain, read_frames
from tune_mc1.reporting.statistics.sweep_statistics import SweepStatistics
from tune_mc1.reporting.write_report import write_report

METRIC = "metrics/mAP50(B) in percent"
RATE = "optim/learning.rate of the backbone"
OF_TRAINING = r"\b[Ee]poch|Epoche|training images|Trainingsbild|test images|Testbild|Data:|Daten:"


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> SweepFrames:
    where = write_program_sweep(tmp_path_factory.mktemp("odd") / "odd", ODD)
    return read_frames(where.root)


@pytest.fixture(scope="module")
def figures(odd: SweepFrames) -> FigureSet:
    return make_figures(odd, "en", None, SweepStatistics(odd))


def sweep(folder: Path, text: str, logged: Logged, iterations: int = 4) -> SweepFrames:
    where = write_program_sweep(folder / "results", text, logged, iterations=iterations)
    return read_frames(where.root)


def text_of(page: Path) -> str:
    """The words of a page, without its sweep file."""
    bare = re.sub(r"(?s)<(script|style|details)>.*?</\1>", "", page.read_text())
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", bare)))


def test_frames_have_the_columns_of_the_program(odd: SweepFrames) -> None:
    assert odd.of_program
    assert odd.metric == METRIC
    assert [odd.own_name(name) for name in odd.varied] == [
        RATE, "hidden-layers", "model.use augmentation", "lr", "scheduler", "mixed", "score",
        "trial",
    ]  # fmt: skip
    assert {"param.trial", "param.score", "lr"} < set(odd.varied)
    assert set(odd.trials["mixed"].dropna()) == {"0.5", "auto", '{"a": 1}'}
    assert odd.trials["mixed"].isna().any()
    assert (odd.history["lr"] == 0.1).all()  # the metric, not the parameter
    assert set(odd.trials["lr"]) == {1, 2}
    assert set(odd.trials["state"]) == {"completed", "stopped"}


def test_the_journal_alone_gives_the_same_frames(odd: SweepFrames, tmp_path: Path) -> None:
    for file in (odd.where.journal, odd.where.sweep_file):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    again = read_frames(tmp_path)
    assert again.parameters == odd.parameters
    for name in ("trials", "history"):
        one, other = getattr(odd, name), getattr(again, name)
        assert list(one) == list(other)
        for column in one:
            pairs = zip(one[column], other[column], strict=True)
            assert all(plain(a) == plain(b) for a, b in pairs), column


def test_a_program_has_all_figures_but_those_of_our_training(figures: FigureSet) -> None:
    names = [spec.name for spec in figures]
    rate = file_name(RATE)
    assert names == [
        "curves", f"curves_{rate}", "curves_hidden-layers", "curves_model.use-augmentation",
        "curves_lr", "curves_scheduler", "curves_mixed", "curves_param.score",
        "curves_param.trial", "marginal_means", "importance", names[11], "parallel", "rungs",
        "accuracy_time", "overfitting",
    ]  # fmt: skip
    assert names[11].startswith(f"heatmap_{rate}")
    assert figures.left_out == ()


@pytest.mark.parametrize("lang", ["en", "de"])
def test_figures_have_the_programs_words(odd: SweepFrames, lang: str) -> None:
    for spec in make_figures(odd, "de" if lang == "de" else "en", None, SweepStatistics(odd)):
        text = f"{spec.title}\n{spec.caption}\n{words(spec.figure())}"
        found = re.search(OF_TRAINING, text)
        assert found is None, (spec.name, found)
        assert re.search("[Ii]teration", text) or spec.name == "importance"
        flat = re.sub(r"\s+", " ", text)
        assert METRIC in flat or spec.name == "overfitting"
        assert "Metrics/" not in flat  # a name is not a word that a sentence capitalizes


def test_no_labels_overlap(figures: FigureSet) -> None:
    """Headings of panels and of parallel axes, whose names are long."""
    for name in ("marginal_means", "parallel", "importance"):
        figure = figures[name].figure()
        figure.draw_without_rendering()
        shown = [t for ax in figure.axes for t in _headings(ax, name)]
        boxes = [(t.get_text(), t.get_window_extent()) for t in shown if t.get_text().strip()]
        assert len(boxes) > 7
        right = figure.bbox.x1
        for i, (one, a) in enumerate(boxes):
            assert a.x0 >= -1, one
            assert a.x1 <= right + 1, one
            for other, b in boxes[i + 1 :]:
                assert not a.overlaps(b), (name, one, other)


def _headings(ax: Axes, figure: str) -> list[Label]:
    if figure == "marginal_means":
        return [label for label in ax.get_children() if isinstance(label, Label)]
    if figure == "parallel":
        return [t for t in ax.texts if t.get_weight() == "bold" and t.get_fontsize() > 7]
    return list(ax.get_yticklabels())


def test_curves_are_those_of_the_trials(odd: SweepFrames, figures: FigureSet) -> None:
    curve = lines(figures["curves"].figure())["mean of 27 settings"]
    first = odd.history[odd.history["epoch"] == 1][METRIC].mean()
    assert curve[0] == pytest.approx(first)
    by_score = lines(figures["curves_param.score"].figure())
    assert list(by_score) == [f"{v} (n = {(odd.trials['param.score'] == v).sum()})" for v in (3, 4)]


def test_rungs_are_those_of_the_file(odd: SweepFrames, figures: FigureSet) -> None:
    text = words(figures["rungs"].figure())
    going = int((odd.trials["epochs_run"] > 1).sum())
    assert f"iteration 1\n27 arrived\n{going} continued" in text
    arrived = int((odd.trials["epochs_run"] == 9).sum())
    completed = int((odd.trials["state"] == "completed").sum())
    assert f"iteration 9\n{arrived} arrived\n{completed} continued" in text


def test_statistics_find_the_parameter_that_matters(odd: SweepFrames) -> None:
    found = SweepStatistics(odd)
    assert found.importance.rows[0].parameter == RATE
    assert {m.parameter for m in found.marginals} == set(odd.varied)
    wide = next(m for m in found.marginals if m.parameter == "hidden-layers").means
    assert {m.value for m in wide} == {"[32]", "[32, 64]", "[64, 64, 128]"}
    assert all(m.low < m.mean < m.high for m in wide if m.settings > 1)
    assert "after iteration 1" in found.tests.note.en
    assert [t.parameter for t in found.tests.trends] == [RATE]


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
    best = odd.trials.loc[odd.trials[f"best_{METRIC}"].idxmax()]
    assert f"{METRIC} {best[f'best_{METRIC}']:.2f}" in text
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
    assert "No intervals" in marginal.reason.en
    (comparison,) = found.tests.comparisons
    assert (comparison.effect.unit, comparison.effect.known) == ("repeat", False)
    assert "more repeat" in comparison.more.text.en
    text = text_of(write_report([frames.where.root], tmp_path / "out", "en"))
    assert "repeats that differ by chance alone" in text
    assert re.search(r"All settings a Mean 95 % interval SD Trials 2 76\.00 – 0\.00 \d", text)
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


def test_a_value_far_off_does_not_take_the_axis(tmp_path: Path) -> None:
    text = (
        "program: t.py\nmethod: random\nrun_cap: 20\nmetric: {name: rmse}\n"
        "parameters: {lr: {distribution: uniform, min: 0, max: 1}}\n"
    )
    frames = sweep(
        tmp_path, text, lambda v, t, i: {"rmse": 1e30 if t == 5 and i > 2 else 150 + v["lr"] * 9}
    )
    figure = make_figures(frames, "en")["curves"].figure()
    low, high = figure.axes[0].get_ylim()
    assert 145 < low < 152
    assert 157 < high < 165
    assert "worse values are cut off" in words(figure)


def test_a_metric_in_percent_is_not_cut_at_one(tmp_path: Path) -> None:
    frames = sweep(tmp_path, REPEATS, lambda v, t, i: {"val_acc": 60.0 + v["a"] + i})
    _, high = make_figures(frames, "en")["curves"].figure().axes[0].get_ylim()
    assert high > 65


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


def test_odd_metrics_is_better_near_the_best_rate() -> None:
    near, far = ({RATE: rate, "hidden-layers": [32]} for rate in (0.02, 0.2))
    assert odd_metrics(near, 1, 3)[METRIC] > odd_metrics(far, 1, 3)[METRIC]
