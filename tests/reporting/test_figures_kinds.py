"""Each kind of figure shows its numbers: rungs, cells, points, folds, mistakes, importance."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from tests.support.figure_reading import lines, words, xs, ys
from tests.support.figure_sweeps import (
    ASHA,
    GRID,
    PAIR,
    tiny_images,
    write_predictions,
    write_sweep,
)
from tune_mc1.config.trial import TrialConfig
from tune_mc1.reporting.drawing.context import Context
from tune_mc1.reporting.drawing.cost_points import settings
from tune_mc1.reporting.figure_sets import compare_figures, make_figures
from tune_mc1.reporting.figures.asha_rungs import rungs_of
from tune_mc1.reporting.frames import SweepFrames
from tune_mc1.reporting.statistics.effects import Marginal
from tune_mc1.reporting.statistics.importance import Importance
from tune_mc1.reporting.statistics.sweep_statistics import SweepStatistics
from tune_mc1.reporting.words.text import Text


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> SweepFrames:
    return write_sweep(tmp_path_factory.mktemp("grid") / "r", GRID)


@pytest.fixture(scope="module")
def asha(tmp_path_factory: pytest.TempPathFactory) -> SweepFrames:
    return write_sweep(tmp_path_factory.mktemp("asha") / "r", ASHA)


def test_rungs_count_who_came_and_who_went_on(asha: SweepFrames) -> None:
    rungs = rungs_of(Context(asha, "en"))
    assert [rung.epoch for rung in rungs] == [1, 3, 9]
    ran = asha.trials["epochs_run"]
    assert [int(r.arrived.sum()) for r in rungs] == [27, (ran >= 3).sum(), (ran == 9).sum()]
    assert [int(r.went_on.sum()) for r in rungs[:2]] == [(ran > 1).sum(), (ran > 3).sum()]
    text = words(make_figures(asha, "en")["rungs"].figure())
    assert f"epoch 1\n27 arrived\n{(ran > 1).sum()} continued" in text


def test_cells_of_the_heat_map_are_means(grid: SweepFrames) -> None:
    figure = make_figures(grid, "en")["heatmap_learning_rate_batch_size"].figure()
    shown = figure.axes[0].get_images()[0].get_array()
    means = grid.trials.groupby(["learning_rate", "batch_size"])["best_val_acc"].mean().unstack()
    np.testing.assert_allclose(np.asarray(shown), means.to_numpy())
    sd = grid.trials.groupby(["learning_rate", "batch_size"])["best_val_acc"].std().iloc[0]
    assert f"± {sd:.3f}" in words(figure)
    assert "n = 2" in words(figure)


def test_parallel_coordinates_have_a_line_a_trial(grid: SweepFrames) -> None:
    figure = make_figures(grid, "en")["parallel"].figure()
    (collection,) = figure.axes[0].collections
    assert len(collection.get_paths()) == len(grid.trials)
    ends = [float(np.asarray(path.vertices)[-1, 1]) for path in collection.get_paths()]
    assert ends == sorted(ends)  # the best is drawn last


def test_points_of_the_cost_figure_are_settings(asha: SweepFrames) -> None:
    torch = pytest.importorskip("torch")
    from tune_mc1.models.build import build_model

    points = settings(Context(asha, "en"), (3, 32, 32))
    assert len(points) == 27
    found = next(p for p in points if p.model == "CNN5")
    model = build_model(TrialConfig(model="CNN5"), (3, 32, 32), 10)
    assert isinstance(model, torch.nn.Module)
    assert found.weights == sum(p.numel() for p in model.parameters())


def test_confusion_and_mistakes(tmp_path: Path) -> None:
    data = tiny_images()
    frames = write_sweep(tmp_path / "r", GRID, data=data)
    winner = Context(frames, "en").winner
    assert winner is not None
    winners = list(frames.trials.loc[winner, "trial"])
    write_predictions(frames.where, winners, data)
    found = make_figures(frames, "en", data)
    assert not found.left_out
    matrix = np.asarray(found["confusion"].figure().axes[0].get_images()[0].get_array())
    np.testing.assert_allclose(matrix.sum(axis=1), 1)
    spec = found["mistakes"]
    assert spec.photographs
    shown = [ax for ax in spec.figure().axes if ax.get_images()]
    assert 1 <= len(shown) <= 25
    pixels = np.asarray(shown[0].get_images()[0].get_array())
    assert any(np.array_equal(pixels, image) for image in data.test_images)
    other = tiny_images(count=50)
    assert "those of the sweep" in " ".join(make_figures(frames, "en", other).left_out)
    assert "images are not available" in " ".join(make_figures(frames, "en").left_out)


def test_folds_have_a_box_and_a_point_each(tmp_path: Path) -> None:
    text = "method: grid\nvalidation: {folds: 5}\nparameters: {epochs: {value: 3}}\n"
    frames = write_sweep(tmp_path / "r", text)
    spec = make_figures(frames, "en")["folds"]
    figure = spec.figure()
    points = [xs(ln) for ln in figure.axes[0].get_lines() if ln.get_marker() == "o"]
    assert sorted(np.asarray(points[0])) == sorted(frames.trials["best_val_acc"])
    assert "5 folds" in words(figure)
    assert "(n = 5)" in words(figure)


def test_the_single_batch_check_shows_training_only(tmp_path: Path) -> None:
    text = (
        "method: grid\nreplicates: 5\nparameters:\n  overfit_batches: {value: 1}\n"
        "  epochs: {value: 4}\n  weights_init_type: {values: [default, kaiming_normal]}\n"
    )
    frames = write_sweep(tmp_path / "r", text)
    found = make_figures(frames, "en")
    assert [spec.name for spec in found] == ["single_batch"]
    assert "validation scores of such a sweep are meaningless" in found.left_out[0]
    drawn = lines(found["single_batch"].figure(), panel=0)
    losses = frames.history.groupby(["weights_init_type", "epoch"])["train_loss"].mean()
    np.testing.assert_allclose(drawn["default (n = 5)"], losses["default"])


def test_pairs_are_drawn_together_with_their_references(tmp_path: Path) -> None:
    sweeps = [
        write_sweep(tmp_path / name, PAIR.format(name=name, optimizer=optimizer))
        for name, optimizer in (("regularisation", "SGD"), ("adam", "Adam"))
    ]
    found = compare_figures(sweeps, "en")
    assert [s.name for s in found] == ["compare_regularisation_adam", "compare_winners"]
    spec = found["compare_regularisation_adam"]
    assert "differ in: optimiser SGD / Adam" in spec.caption
    figure = spec.figure()
    expected = sweeps[1].history.groupby("epoch")["val_acc"].mean()
    np.testing.assert_allclose(lines(figure, 0)["adam (n = 8)"], expected)
    dashed = [
        [float(ys(ln)[-1]) for ln in ax.get_lines() if ln.get_label() == "_reference"]
        for ax in figure.axes[:2]
    ]
    assert dashed == [[0.71, 0.71], [0.74, 0.74]]
    assert "adam: 8 trials" in words(figure)
    best = [float(s.trials["best_val_acc"].max()) for s in sweeps]
    points = [
        float(xs(ln)[0])
        for ln in found["compare_winners"].figure().axes[0].get_lines()
        if ln.get_markersize() == 6 and len(xs(ln))
    ]
    assert points[:2] == pytest.approx(best)


def test_importance_and_marginal_means_show_their_numbers(grid: SweepFrames) -> None:
    statistics = SweepStatistics(grid)
    bars = (
        Importance("batch_size", 0.5, 0.3, 0.7, -0.4),
        Importance("model", 0.1, 0.0, 0.2, math.nan),
    )
    doubt = Text("Not to be relied on.", "Nicht verlässlich.")
    statistics.importance = replace(statistics.importance, rows=bars, reliable=False, reason=doubt)
    found = make_figures(grid, "en", None, statistics)
    figure = found["importance"].figure()
    patches = figure.axes[0].patches
    assert [p.get_width() for p in patches if isinstance(p, Rectangle)] == [0.5, 0.1]
    assert "−0.40" in words(figure)
    assert "⚠ Not to be relied on." in words(figure)
    axes = found["marginal_means"].figure().axes
    ax = next(ax for ax in axes if ax.get_title(loc="left") == "Batch size")
    (means,) = (ys(ln) for ln in ax.get_lines() if ln.get_label() == "_means")
    settings = grid.trials.groupby(["batch_size", "config_hash"])["best_val_acc"].mean()
    np.testing.assert_allclose(means, settings.groupby("batch_size").mean())
    hollow = [float(ys(ln)[0]) for ln in ax.get_lines() if ln.get_label() == "_reference"]
    assert hollow == [0.58, 0.54]


def test_what_is_not_known_has_no_figure(grid: SweepFrames) -> None:
    statistics = SweepStatistics(grid)
    unknown = Importance("batch_size", math.nan, math.nan, math.nan, math.nan)
    statistics.importance = replace(statistics.importance, rows=(unknown,))
    statistics.marginals = [_first_value(marginal) for marginal in statistics.marginals]
    names = {spec.name for spec in make_figures(grid, "en", None, statistics)}
    assert not names & {"importance", "marginal_means"}


def _first_value(marginal: Marginal) -> Marginal:
    return replace(marginal, means=marginal.means[:1])
