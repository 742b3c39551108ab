"""Marginal means, importance, the best set and the reference's table."""

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from tests.support.report_frames import grid, made_up
from tune_mc1.config.trial import TrialConfig
from tune_mc1.reporting.conclusions.verdicts import verdicts
from tune_mc1.reporting.statistics.best import not_worse_than_best
from tune_mc1.reporting.statistics.effects import bootstrap_interval, marginal_means, notes_of
from tune_mc1.reporting.statistics.importance import importance
from tune_mc1.reporting.statistics.pairwise import sweep_tests
from tune_mc1.reporting.statistics.reference_table import reference_table

pytestmark = pytest.mark.filterwarnings("error")

RATES = [0.005, 0.01, 0.02, 0.03, 0.05, 0.1]
SETTINGS = grid(learning_rate=RATES, batch_size=[32, 64, 128])


def by_rate(config: TrialConfig, epoch: int, fold: int | None) -> float:
    return 0.4 + config.learning_rate + 0.02 * epoch


def test_marginal_means_are_means_of_settings() -> None:
    frames = made_up("marginal", SETTINGS, by_rate, seeds=2, states={"t0001": "diverged"})
    found = marginal_means(frames, "learning_rate")
    assert [m.value for m in found.means] == RATES
    assert not found.continuous
    rows = frames.trials[frames.trials["learning_rate"] == 0.1]
    assert found.means[-1].mean == pytest.approx(rows["best_val_acc"].mean())
    assert (found.means[-1].settings, found.means[-1].trials) == (3, 6)
    assert (found.means[0].trials, found.means[0].missing) == (5, 1)
    assert all(m.low < m.mean < m.high for m in found.means)
    last = marginal_means(frames, "learning_rate", "last_val_acc").means[-1]
    assert last.mean == pytest.approx(rows["last_val_acc"].mean())


def test_notes_of_several_parameters_stand_once_and_hold_for_all() -> None:
    """As of a parameter whose values have intervals beside one of which none has."""
    settings = grid(learning_rate=[0.01, 0.03], batch_size=[32, 64, 128])
    frames = made_up("notes", settings, lambda c, e, f: 0.4 + c.learning_rate + c.batch_size / 1e3)
    found = [marginal_means(frames, name) for name in ("batch_size", "learning_rate")]
    assert [math.isnan(marginal.means[0].low) for marginal in found] == [True, False]
    assert notes_of([*found, *found], "en") == (
        "Where there is no interval, there are fewer than three observations, or all are equal. "
        "Two observations are shown themselves, as they say next to nothing about the spread. "
        "Intervals: 95 %, bootstrap over settings; Student's t where there are fewer than 5."
    )


def test_a_bootstrap_interval_is_near_students_for_a_normal_sample() -> None:
    x = np.random.default_rng(1).normal(0.5, 0.1, 60)
    low, high = bootstrap_interval(x)
    half = stats.t.ppf(0.975, 59) * x.std(ddof=1) / math.sqrt(60)
    assert (low, high) == pytest.approx((x.mean() - half, x.mean() + half), abs=0.005)
    assert bootstrap_interval(np.full(8, 0.5)) == (0.5, 0.5)
    assert all(map(math.isnan, bootstrap_interval(np.array([0.5]))))


def random_settings(n: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(5)
    return [
        {
            "model": "CNN8" if i % 2 else "CNN",
            "dropout_p": float(rng.uniform(0.1, 0.9)) if i % 2 else None,
            "learning_rate": float(rng.uniform(0.001, 0.1)),
            "batch_norm": [None, True, False][i % 3],
            "batch_size": int(rng.choice([16, 32, 64])),
        }
        for i in range(n)
    ]


def test_a_continuous_parameter_is_binned_and_null_has_its_own_bin() -> None:
    frames = made_up("bins", random_settings(60), by_rate, method="random")
    found = marginal_means(frames, "dropout_p")
    assert found.continuous
    assert [m.settings for m in found.means] == [6, 6, 6, 6, 6, 30]
    assert found.means[-1].value is None
    assert found.means[0].high_value == found.means[1].low_value
    assert sum(m.trials for m in marginal_means(frames, "learning_rate").means) == 60


def test_a_value_on_the_edge_of_two_bins_counts_once() -> None:
    rows = [{"batch_size": 10 + i % 16, "momentum": i / 100} for i in range(48)]
    found = marginal_means(made_up("edges", rows, by_rate), "batch_size")
    assert {10.0, 13.0, 16.0, 19.0} <= {m.low_value for m in found.means}
    assert sum(m.trials for m in found.means) == 48


def test_importance_finds_the_parameter_that_matters_among_mixed_types() -> None:
    frames = made_up("mixed", random_settings(60), by_rate, method="random", noise=0.002)
    found = importance(frames)
    assert found.reliable
    assert found.r2 > 0.5
    first, *rest = found.rows
    assert first.parameter == "learning_rate"
    assert 0 < first.low < first.value < first.high
    assert first.correlation > 0.9
    assert all(row.value < first.low for row in rest)
    assert {row.parameter for row in found.rows} == set(frames.varied)


def test_importance_says_where_it_is_not_reliable() -> None:
    rows = random_settings(40)
    noise = importance(made_up("noise", rows, lambda c, e, f: 0.5, method="random"))
    assert not noise.reliable
    assert "R²" in noise.reason.en
    few = importance(made_up("few", SETTINGS[:9], by_rate))
    assert not few.reliable
    assert "9 settings" in few.reason.en


def test_the_best_set_holds_what_is_not_worse() -> None:
    frames = made_up("best", SETTINGS, by_rate, seeds=5, noise=0.004)
    found = not_worse_than_best(frames)
    kept = {t for c in found.not_worse for t in c.trials}
    rates = set(frames.trials.set_index("trial").loc[list(kept), "learning_rate"])
    assert found.known
    assert rates == {0.1}
    assert len(found.not_worse) == 3
    second = found.candidates[1]
    table = frames.trials.set_index("trial")["best_val_acc"]
    one, two = (table.loc[list(c.trials)].to_numpy() for c in found.candidates[:2])
    assert second.p == pytest.approx(stats.ttest_rel(one, two, alternative="greater").pvalue)


def test_one_run_a_setting_tells_nothing_of_the_best() -> None:
    found = not_worse_than_best(made_up("once", SETTINGS, by_rate))
    assert not found.known
    assert found.not_worse == ()
    assert "ran once" in found.reason.en
    assert "nur einmal" in found.reason.de


OUTCOMES = [
    {"where": {"learning_rate": 0.1}, "epoch": 3, "val_acc": 0.56},
    {"where": {"learning_rate": 0.1}, "epoch": 9, "val_acc": 0.7},
    {"statistic": "best", "epoch": 3, "val_acc": 0.56},
    {"where": {"model": "CNN8"}, "epoch": 3, "val_acc": 0.6},
]


def test_the_references_outcomes_beside_ours() -> None:
    reference = {"source": "made up", "outcomes": OUTCOMES}
    frames = made_up("ours", SETTINGS, by_rate, seeds=3, noise=0.004, reference=reference)
    there, later, best, absent = reference_table(frames)
    assert there.inside is True
    assert there.low < 0.56 < there.high
    assert (there.trials, there.settings, there.seeds, there.unit) == (9, 3, 3, "seed")
    assert (later.our_epoch, later.inside) == (3, False)
    assert later.difference == pytest.approx(later.ours - 0.7)
    assert "3 of 9 epochs" in later.note.en
    means = frames.trials.groupby("config_hash")["last_val_acc"].mean()
    assert best.ours == pytest.approx(means.max())
    assert absent.inside is None
    assert absent.note.en == "Not run here."
    assert reference_table(made_up("none", SETTINGS, by_rate)) == ()


STATES = ("pending", "running", "failed", "diverged", "stopped", "interrupted")
ODD: dict[str, dict[str, Any]] = {
    "no trials": {"settings": []},
    "one trial": {"settings": [{}]},
    "constant": {"accuracy": lambda c, e, f: 0.5, "noise": 0, "seeds": 2},
    "nothing ran": {"states": {f"t{i:04d}": "pending" for i in range(1, 19)}},
    "every state": {
        "states": dict(zip((f"t{i:04d}" for i in range(1, 7)), STATES, strict=True)),
        "epochs_run": {"t0003": 0, "t0004": 0, "t0005": 1},
    },
    "not a number": {"accuracy": lambda c, e, f: math.nan},
    "two settings": {"settings": SETTINGS[:2]},
    "a loss": {"metric": {"name": "val_loss"}, "seeds": 2},
}


@pytest.mark.parametrize("name", ODD)
def test_odd_sweeps_have_answers_with_reasons(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    keys = {"settings": SETTINGS, "accuracy": by_rate, **ODD[name]}
    frames = made_up("first_grid", **keys)
    for parameter in (*frames.varied, "learning_rate", "dropout_p"):
        marginal_means(frames, parameter)
        marginal_means(frames, parameter, epoch=1)
    found = importance(frames)
    assert found.reliable or found.reason.de
    assert not_worse_than_best(frames).reason.de
    assert all(c.reason.de for c in sweep_tests(frames).comparisons)
    assert all(v.reason.de for v in verdicts([frames]))
    assert capfd.readouterr() == ("", "")
    if name == "a loss":
        top, *rest = not_worse_than_best(frames).candidates
        means = frames.trials.groupby("config_hash")["best_val_loss"].mean()
        assert top.mean == pytest.approx(means.min())
        assert all(c.behind == pytest.approx(c.mean - top.mean) for c in rest)
