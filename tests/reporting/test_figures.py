"""Figures say what the results say: means, bands, references, counts and warnings."""

import re
from pathlib import Path

import numpy as np
import pytest

from tests.support.figure_reading import lines, words, xs, ys
from tests.support.figure_sweeps import ASHA, GRID, write_sweep
from tune_mc1.reporting.figure_kinds import FIGURES
from tune_mc1.reporting.figure_sets import make_figures
from tune_mc1.reporting.frames import SweepFrames
from tune_mc1.reporting.words.figure_words import SHARED


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> SweepFrames:
    return write_sweep(tmp_path_factory.mktemp("grid") / "r", GRID)


@pytest.fixture(scope="module")
def asha(tmp_path_factory: pytest.TempPathFactory) -> SweepFrames:
    return write_sweep(tmp_path_factory.mktemp("asha") / "r", ASHA)


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
    assert "range from smallest to largest over 2 settings" in spec.caption
    band = np.asarray(spec.figure().axes[0].collections[0].get_paths()[0].vertices)
    by_setting = grid.history[grid.history["batch_size"] == 32]
    means = by_setting.groupby(["config_hash", "epoch"])["val_acc"].mean().unstack()
    at_end = band[band[:, 0] == 5][:, 1]
    assert at_end.min() == pytest.approx(means[5].min())
    assert at_end.max() == pytest.approx(means[5].max())


def test_the_band_of_many_settings_is_students_interval(asha: SweepFrames) -> None:
    from scipy import stats

    from tune_mc1.reporting.drawing.mean_curves import mean_curve

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
        for part in (f"made-up ({fingerprint})", "8 trials", "4 settings", "2 runs per setting"):
            assert part in text, spec.name
        assert "⚠" not in text
    asked = make_figures(grid, "de")
    assert "2 Läufe pro Einstellung" in words(asked["curves"].figure())


def test_warnings_stand_on_the_figure(tmp_path: Path) -> None:
    text = GRID + "validation: test\nlimit_images: 0.25\nscale: 0.1\n"
    frames = write_sweep(tmp_path / "r", text, ended=4)
    for lang, parts in (
        ("en", ("The winner was chosen on the test images", "4 of 8 trials", "25 % of the images")),
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


def test_every_text_of_a_figure_is_there_in_both_languages_with_the_same_values() -> None:
    names = re.compile(r"\{(\w+)")
    for catalogue in (SHARED, *(kind.words for kind in FIGURES.values())):
        for key, (english, german) in catalogue.items():
            assert english, key
            assert german, key
            assert "ß" not in german
            assert sorted(names.findall(english)) == sorted(names.findall(german)), key


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
