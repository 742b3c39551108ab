"""Figures say what the results say: means, bands, references, counts and warnings."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from tests.figure_sweeps import tiny_images, write_predictions, write_sweep
from tune_mc1.config.trial import TrialConfig
from tune_mc1.report.figures import (
    Bar,
    FigureSet,
    Mean,
    compare_figures,
    importance_figure,
    make_figures,
    marginal_figure,
)
from tune_mc1.report.figures.context import Context
from tune_mc1.report.figures.cost import settings
from tune_mc1.report.figures.rungs import rungs_of
from tune_mc1.report.frames import SweepFrames

GRID = """
name: tiny
method: grid
replicates: 2
parameters:
  learning_rate: {values: [0.01, 0.1]}
  batch_size: {values: [32, 128]}
  model: {value: CNN}
  epochs: {value: 5}
reference:
  source: a study of 2023
  outcomes:
    - {where: {batch_size: 32}, epoch: 5, val_acc: 0.58, curve: [0.2, 0.3, null, 0.5, 0.58]}
    - {where: {batch_size: 128}, epoch: 5, val_acc: 0.54, curve: [0.1, 0.2, 0.3, 0.4, 0.54]}
"""
ASHA = """
name: halving
method: random
run_cap: 27
parameters:
  learning_rate: {distribution: log_uniform_values, min: 0.001, max: 0.1}
  model: {values: [CNN2, CNN5]}
  epochs: {value: 9}
early_terminate: {type: asha, min_iter: 1, eta: 3}
"""
PAIR = """
name: {name}
method: random
run_cap: 8
parameters:
  model: {{value: CNN8}}
  weight_decay: {{distribution: log_uniform_values, min: 1.0e-4, max: 1.0e-2}}
  dropout_p: {{distribution: uniform, min: 0.1, max: 0.9}}
  optimizer: {{value: {optimizer}}}
  epochs: {{value: 4}}
reference:
  source: a study of 2023
  outcomes:
    - {{epoch: 4, val_acc: 0.71, curve: [0.4, 0.5, 0.6, 0.71]}}
    - {{statistic: best, epoch: 4, val_acc: 0.74, curve: [0.5, 0.6, 0.7, 0.74]}}
"""


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> SweepFrames:
    return write_sweep(tmp_path_factory.mktemp("grid") / "r", GRID)


@pytest.fixture(scope="module")
def asha(tmp_path_factory: pytest.TempPathFactory) -> SweepFrames:
    return write_sweep(tmp_path_factory.mktemp("asha") / "r", ASHA)


def xs(line: Line2D) -> np.ndarray:
    return np.asarray(line.get_xdata(), float)


def ys(line: Line2D) -> np.ndarray:
    return np.asarray(line.get_ydata(), float)


def lines(figure: Figure, panel: int = 0) -> dict[str, np.ndarray]:
    """The labelled curves of a panel: label to heights."""
    found = figure.axes[panel].get_lines()
    return {
        str(line.get_label()): ys(line)
        for line in found
        if not str(line.get_label()).startswith("_")
    }


def words(figure: Figure) -> str:
    """All text on a figure."""
    import matplotlib.text

    return "\n".join(t.get_text() for t in figure.findobj(matplotlib.text.Text))


def test_the_figures_fit_the_sweep(grid: SweepFrames, asha: SweepFrames) -> None:
    names = [spec.name for spec in make_figures(grid, "en")]
    assert names == [
        "curves",
        "curves_batch_size",
        "curves_learning_rate",
        "heatmap_learning_rate_batch_size",
        "parallel",
        "accuracy_time",
        "overfitting",
    ]
    names = [spec.name for spec in make_figures(asha, "en")]
    assert {"rungs", "accuracy_parameters", "heatmap_learning_rate_model"} <= set(names)


def test_a_curve_is_the_mean_of_its_settings(grid: SweepFrames) -> None:
    figure = make_figures(grid, "en")["curves_batch_size"].figure()
    by_setting = grid.history.groupby(["batch_size", "config_hash", "epoch"])["val_acc"].mean()
    expected = by_setting.groupby(["batch_size", "epoch"]).mean()
    drawn = lines(figure)
    assert list(drawn) == ["32 (n = 2)", "128 (n = 2)"]
    np.testing.assert_allclose(drawn["32 (n = 2)"], expected[32], rtol=1e-12)
    np.testing.assert_allclose(drawn["128 (n = 2)"], expected[128], rtol=1e-12)


def test_the_band_of_few_settings_is_their_range(grid: SweepFrames) -> None:
    spec = make_figures(grid, "en")["curves_batch_size"]
    assert "range from least to largest over 2 settings" in spec.caption
    band = np.asarray(spec.figure().axes[0].collections[0].get_paths()[0].vertices)
    by_setting = grid.history[grid.history["batch_size"] == 32]
    means = by_setting.groupby(["config_hash", "epoch"])["val_acc"].mean().unstack()
    at_end = band[band[:, 0] == 5][:, 1]
    assert at_end.min() == pytest.approx(means[5].min())
    assert at_end.max() == pytest.approx(means[5].max())


def test_the_band_of_many_settings_is_students_interval(asha: SweepFrames) -> None:
    from scipy import stats

    from tune_mc1.report.figures.means import mean_curve

    spec = make_figures(asha, "en")["curves"]
    assert "95 % interval of the mean (Student's t) over 27 settings" in spec.caption
    first = asha.history[asha.history["epoch"] == 1]["val_acc"].to_numpy()
    curve = mean_curve(first[:, None], "interval")
    low, high = stats.t.interval(0.95, len(first) - 1, first.mean(), stats.sem(first))
    assert (curve.low[0], curve.high[0]) == (pytest.approx(low), pytest.approx(high))


def test_the_references_curves_are_dashed_in_the_colour_of_their_group(grid: SweepFrames) -> None:
    spec = make_figures(grid, "en")["curves_batch_size"]
    ax = spec.figure().axes[0]
    dashed = [line for line in ax.get_lines() if line.get_label() == "_reference"]
    assert [line.get_linestyle() for line in dashed] == ["--", "--"]
    np.testing.assert_array_equal(xs(dashed[0]), [1, 2, 4, 5])  # null is bridged
    np.testing.assert_array_equal(ys(dashed[0]), [0.2, 0.3, 0.5, 0.58])
    owner = next(line for line in ax.get_lines() if str(line.get_label()).startswith("32"))
    assert dashed[0].get_color() == owner.get_color()
    assert "Dashed: the reference (a study of 2023)" in spec.caption
    without = make_figures(grid, "en")["curves_learning_rate"]
    assert "reference" not in without.caption


def test_every_figure_says_what_it_rests_on(grid: SweepFrames) -> None:
    fingerprint = str(grid.facts["fingerprint"])[:8]
    for spec in make_figures(grid, "en"):
        text = words(spec.figure())
        assert spec.title.split()[0] in text
        for part in (f"made-up ({fingerprint})", "8 trials", "4 settings", "2 runs a setting"):
            assert part in text, spec.name
        assert "⚠" not in text
    asked = make_figures(grid, "de")
    assert "2 Läufe pro Einstellung" in words(asked["curves"].figure())


def test_warnings_stand_on_the_figure(tmp_path: Path) -> None:
    text = GRID + "validation: test\nlimit_images: 0.25\nscale: 0.1\n"
    frames = write_sweep(tmp_path / "r", text, ended=4)
    for lang, parts in (
        ("en", ("The test images chose the winner", "4 of 8 trials", "25 % of the images")),
        ("de", ("Die Testbilder haben den Sieger", "4 von 8 Trials", "25 % der Bilder")),
    ):
        for spec in make_figures(frames, lang):  # type: ignore[arg-type]
            shown = words(spec.figure()).replace("\n", " ")
            assert all(part in shown for part in parts), (spec.name, shown)


def test_both_languages_are_whole_and_differ(grid: SweepFrames) -> None:
    en, de = make_figures(grid, "en"), make_figures(grid, "de")
    assert [s.name for s in en] == [s.name for s in de]
    for a, b in zip(en, de, strict=True):
        assert a.title != b.title
        assert a.caption != b.caption
        assert "{" not in a.caption + b.caption
        assert a.caption.endswith(".")
        assert b.caption.endswith(".")
    from tune_mc1.report.figures.texts import TEXTS

    for english, german in TEXTS.values():
        assert "ß" not in german
        assert english.count("{") == german.count("{")


def test_trials_stopped_early_do_not_bias_the_mean_unsaid(asha: SweepFrames) -> None:
    spec = make_figures(asha, "en")["curves"]
    assert "Some trials have fewer epochs" in spec.caption
    figure = spec.figure()
    mean = lines(figure)["mean of 27 settings"]
    assert np.isfinite(mean[0])
    assert np.isnan(mean[1:]).all()  # thick only where all 27 are there
    (below,) = figure.axes[1].get_lines()
    counts = asha.history.groupby("epoch").size()
    np.testing.assert_array_equal(ys(below), counts)


def test_a_run_that_broke_off_is_missed_within_its_setting(tmp_path: Path) -> None:
    frames = write_sweep(
        tmp_path / "r", GRID, lambda t, e, v: None if t.id == "t0001" and e > 3 else v
    )
    spec = make_figures(frames, "en")["curves_batch_size"]
    assert "Some trials have fewer epochs" in spec.caption
    drawn = lines(spec.figure())
    assert np.isnan(drawn["32 (n = 2)"][3:]).all()
    assert np.isfinite(drawn["128 (n = 2)"]).all()
    assert "1 diverged" in words(spec.figure())


def test_rungs_count_who_came_and_who_went_on(asha: SweepFrames) -> None:
    rungs = rungs_of(Context(asha, "en"))
    assert [rung.epoch for rung in rungs] == [1, 3, 9]
    ran = asha.trials["epochs_run"]
    assert [int(r.arrived.sum()) for r in rungs] == [27, (ran >= 3).sum(), (ran == 9).sum()]
    assert [int(r.went_on.sum()) for r in rungs[:2]] == [(ran > 1).sum(), (ran > 3).sum()]
    text = words(make_figures(asha, "en")["rungs"].figure())
    assert f"epoch 1\n27 came\n{(ran > 1).sum()} went on" in text


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
    assert "images are not at hand" in " ".join(make_figures(frames, "en").left_out)


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
    assert "validation scores of such a sweep mean nothing" in found.left_out[0]
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
    bars = [Bar("batch_size", 0.5, 0.3, 0.7, -0.4), Bar("model", 0.1, 0.0, 0.2)]
    spec = importance_figure(grid, "en", bars, "A forest.", "Not to be relied on.")
    assert spec is not None
    figure = spec.figure()
    patches = figure.axes[0].patches
    assert [p.get_width() for p in patches if isinstance(p, Rectangle)] == [0.5, 0.1]
    assert "−0.40" in words(figure)
    assert "⚠ Not to be relied on." in words(figure)
    means = {"batch_size": [Mean(32, 0.5, 0.4, 0.6, 2), Mean(128, 0.45, 0.35, 0.55, 2)]}
    found = marginal_figure(grid, "en", means)
    assert found is not None
    ax = found.figure().axes[0]
    hollow = [float(ys(ln)[0]) for ln in ax.get_lines() if ln.get_label() == "_reference"]
    assert hollow == [0.58, 0.54]
    assert importance_figure(grid, "en", [Bar("model", float("nan"))]) is None
    assert marginal_figure(grid, "en", {"model": [Mean("CNN", 0.5)]}) is None


def test_statistics_become_figures(grid: SweepFrames) -> None:
    from tune_mc1.report.stat_tables import Statistics

    found: FigureSet = make_figures(grid, "en", None, Statistics(grid))
    assert "marginal_means" in [spec.name for spec in found]
