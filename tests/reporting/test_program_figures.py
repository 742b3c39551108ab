"""Figures of sweeps of programs: any parameters, any metric, nothing of built-in training."""

import re
from pathlib import Path

import pytest
from matplotlib.axes import Axes
from matplotlib.text import Text as Label

from tests.support.figure_reading import lines, words
from tests.support.figure_sweeps import GRID, write_sweep
from tests.support.program_sweeps import METRIC, ODD, OF_TRAINING, RATE, Logged, write_program_sweep
from tune_mc1.reporting.drawing.spec import file_name
from tune_mc1.reporting.figure_sets import FigureSet, make_figures
from tune_mc1.reporting.frames import SweepFrames, plain, read_frames
from tune_mc1.reporting.statistics.sweep_statistics import SweepStatistics
from tune_mc1.results.directory import ResultDir


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


def test_parquet_files_alone_are_read_where_the_journal_has_nothing_newer(
    odd: SweepFrames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = write_sweep(tmp_path / "ours", GRID)
    monkeypatch.setattr(ResultDir, "read", lambda where: pytest.fail("read the journal"))
    for frames in (odd, ours):
        assert len(read_frames(frames.where.root).trials) == len(frames.trials)


def test_an_unfinished_sweep_has_figures(odd: SweepFrames, tmp_path: Path) -> None:
    events = odd.where.journal.read_bytes().splitlines(keepends=True)
    (tmp_path / "journal.jsonl").write_bytes(b"".join(events[: len(events) // 2]))
    (tmp_path / "sweep.yaml").write_bytes(odd.where.sweep_file.read_bytes())
    frames = read_frames(tmp_path)
    assert not frames.finished
    found = make_figures(frames, "en", None, SweepStatistics(frames))
    assert "Unfinished: " in words(found["curves"].figure())
    for spec in found:
        spec.figure()


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
        return [t for t in ax.texts if t.get_fontweight() == "bold" and t.get_text()[:1].isalpha()]
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


PERCENT = """
program: t.py
method: random
run_cap: 12
metric: {name: val_acc, goal: maximize}
parameters: {a: {values: [1, 2]}}
"""


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
    frames = sweep(tmp_path, PERCENT, lambda v, t, i: {"val_acc": 60.0 + v["a"] + i})
    _, high = make_figures(frames, "en")["curves"].figure().axes[0].get_ylim()
    assert high > 65
