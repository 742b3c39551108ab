"""Statistics of the report, held against scipy, statsmodels, and sweeps whose effects are known."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower
from statsmodels.stats.weightstats import ttost_paired

from tests.support.report_frames import comparison, grid, made_up
from tune_mc1.config.trial import TrialConfig
from tune_mc1.reporting.frames import SweepFrames
from tune_mc1.reporting.statistics.contrast import contrast
from tune_mc1.reporting.statistics.estimate import mean_estimate, welch_estimate
from tune_mc1.reporting.statistics.more_units import more_units
from tune_mc1.reporting.statistics.pairwise import holm, sweep_tests
from tune_mc1.reporting.statistics.scores import equal_epoch, matching, scores, together

pytestmark = pytest.mark.filterwarnings("error")

RNG = np.random.default_rng(0)
X, Y = RNG.normal(0.5, 0.1, 9), RNG.normal(0.6, 0.2, 9)


def test_a_mean_of_differences_is_the_paired_t_test() -> None:
    found, oracle = mean_estimate(Y - X, unit="seed"), stats.ttest_rel(Y, X)
    interval = oracle.confidence_interval()
    assert found.p == pytest.approx(oracle.pvalue)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert found.rank_p == pytest.approx(stats.wilcoxon(Y - X).pvalue)
    assert found.effect_size == pytest.approx((Y - X).mean() / (Y - X).std(ddof=1))


def test_equality_is_the_two_one_sided_tests() -> None:
    found = mean_estimate(Y - X, unit="seed")
    for margin in (0.02, 0.3):
        assert found.p_within(margin) == pytest.approx(ttost_paired(Y, X, -margin, margin)[0])
    assert found.p_beyond(0.3) == 1
    assert mean_estimate(Y - X + 9, unit="seed").p_beyond(0.3) < 1e-6


def test_two_groups_are_welchs_test() -> None:
    found, oracle = welch_estimate(X[:5], Y), stats.ttest_ind(Y, X[:5], equal_var=False)
    interval = oracle.confidence_interval()
    assert found.p == pytest.approx(oracle.pvalue)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))


def test_folds_have_the_variance_of_nadeau_and_bengio() -> None:
    d = RNG.normal(0.01, 0.02, 10)
    found = mean_estimate(d, unit="fold", folds=10)
    t = d.mean() / math.sqrt((1 / 10 + 1 / 9) * d.var(ddof=1))  # equation 8 of their paper
    assert found.p == pytest.approx(2 * stats.t.sf(abs(t), 9))
    assert found.se > mean_estimate(d, unit="seed").se


def test_holm_leaves_out_what_was_not_tested() -> None:
    p = [0.04, math.nan, 0.01, 0.03]
    corrected = holm(p)
    assert math.isnan(corrected[1])
    known = [c for c in corrected if not math.isnan(c)]
    assert known == pytest.approx(multipletests([0.04, 0.01, 0.03], method="holm")[1])
    assert holm([]) == []


@pytest.mark.parametrize(
    ("values", "more"), [([0.1], 2), ([0.1, 0.1], 1), ([0.1, 0.101, 0.099], 0), ([], None)]
)
def test_replicates_that_are_missing(values: list[float], more: int | None) -> None:
    assert more_units(mean_estimate(values, unit="seed")).more == more


def test_the_power_is_what_was_asked_for() -> None:
    spread = np.array([-1.0, 1.0] * 4)
    d = spread / spread.std(ddof=1) + 0.5  # mean 0.5, standard deviation 1
    more = more_units(mean_estimate(d, unit="seed")).more
    assert more is not None
    assert more + 8 == 34  # the textbook's number of pairs for d_z = 0.5 and 80 % power
    assert TTestPower().power(0.5, more + 8, 0.05) >= 0.8 > TTestPower().power(0.5, more + 7, 0.05)
    tiny = more_units(mean_estimate(spread + 0.01, unit="seed"))
    assert tiny.more is None
    assert "200" in tiny.text.en
    assert "200" in tiny.text.de


def test_groups_of_equal_means_stay_undecided() -> None:
    """As happens where scores are few: accuracies on a hundred images have two digits."""
    a, b = [0.25, 0.5, 0.75, 1.0], [1.0, 0.75, 0.5, 0.25]
    equal = welch_estimate(a, b)
    assert (equal.value, equal.effect_size) == (0, 0)
    assert more_units(equal).more is None
    within = more_units(equal, margin=0.1).more
    assert within is not None
    assert within > 0
    paired = mean_estimate(np.subtract(b, a), unit="seed")
    assert (paired.value, more_units(paired).more) == (0, None)


def by_rate(config: TrialConfig, epoch: int, fold: int | None) -> float:
    return 0.5 + 0.05 * (config.learning_rate > 0.02) - 0.0005 * config.batch_size + 0.02 * epoch


RATES = grid(learning_rate=[0.01, 0.03], batch_size=[32, 64, 128, 256], momentum=[0.0, 0.5])


def test_pairs_agree_in_all_else_and_settings_are_averaged_over_seeds() -> None:
    frames = made_up("pairs", RATES, by_rate, seeds=3)
    found = comparison(frames, "learning_rate", 0.01, 0.03)
    index = ["batch_size", "momentum", "seed"]
    wide = frames.trials.pivot_table("best_val_acc", index, "learning_rate")
    per_setting = (wide[0.03] - wide[0.01]).groupby(index[:2]).mean()
    assert found.p == pytest.approx(stats.ttest_1samp(per_setting, 0).pvalue)
    assert (found.effect.n, found.effect.unit, found.effect.trials) == (8, "setting", 48)
    assert found.effect.low < 0.05 < found.effect.high
    assert found.mean_b - found.mean_a == pytest.approx(found.effect.value)


def test_seeds_are_the_units_of_a_single_pair_of_settings() -> None:
    frames = made_up("seeds", grid(learning_rate=[0.01, 0.03]), by_rate, seeds=5)
    found = comparison(frames, "learning_rate", 0.01, 0.03)
    assert (found.effect.n, found.effect.unit) == (5, "seed")
    assert found.significant


def test_folds_are_the_units_of_one_setting_and_are_corrected() -> None:
    frames = made_up("folds", grid(learning_rate=[0.01, 0.03]), by_rate, folds=5)
    found = comparison(frames, "learning_rate", 0.01, 0.03)
    assert (found.effect.n, found.effect.unit, found.effect.method) == (5, "fold", "corrected t")


def test_one_run_a_setting_and_one_pair_is_no_test() -> None:
    frames = made_up("single", grid(learning_rate=[0.01, 0.03]), by_rate)
    found = comparison(frames, "learning_rate", 0.01, 0.03)
    assert found.effect.value == pytest.approx(0.05, abs=0.02)
    assert math.isnan(found.p)
    assert not found.significant
    assert "no test" in found.reason.en
    assert found.more.more == 2


def random_search(n: int, gain: float) -> SweepFrames:
    rng = np.random.default_rng(3)
    rows = [
        {"model": m, "learning_rate": float(rng.uniform(0.001, 0.1)), "dropout_p": p}
        for m, p in ([("CNN", None), ("CNN8", 0.3)] * n)[:n]
    ]
    return made_up(
        "random",
        rows,
        lambda c, e, f: 0.5 + gain * (c.model == "CNN8") + 1.0 * c.learning_rate,
        method="random",
        parameters={"learning_rate": {"min": 0.001, "max": 0.1}},
    )


def test_a_random_search_compares_unpaired_and_by_rank_correlation() -> None:
    found = sweep_tests(random_search(40, 0.05))
    models = [c for c in found.comparisons if c.parameter == "model"]
    (trend,) = found.trends
    assert models[0].effect.method == "Welch"
    assert models[0].effect.low < 0.05 < models[0].effect.high
    assert trend.parameter == "learning_rate"
    assert 0 < trend.low < trend.rho < trend.high <= 1
    assert trend.p_holm >= trend.p
    tests = len(found.comparisons) + len(found.trends)
    assert min(c.p for c in found.comparisons) * tests == pytest.approx(
        min(c.p_holm for c in found.comparisons)
    )


@pytest.mark.parametrize("settings", [5, 6])
def test_a_correlation_of_few_settings_has_an_interval_or_the_reason_why_not(settings: int) -> None:
    (trend,) = sweep_tests(random_search(settings, 0.0)).trends
    assert trend.n == settings
    assert math.isnan(trend.low) == math.isnan(trend.high) == (settings == 5)
    assert ("No intervals: of so few settings" in trend.reason.en) == (settings == 5)
    assert ("Keine Intervalle: bei so wenigen" in trend.reason.de) == (settings == 5)


def test_a_group_of_settings_that_all_learnt_nothing_is_compared_in_silence() -> None:
    """SciPy warns of scores that differ by rounding only, as those of chance level do."""
    chance = [0.1, 0.1, float(np.nextafter(0.1, 1)), 0.1, 0.1, 0.1]
    found = welch_estimate([0.3, 0.1, 0.2], chance)
    assert found.df == pytest.approx(2, rel=1e-6)
    assert found.low < found.value < found.high


def test_no_effect_is_rarely_found() -> None:
    flat = made_up("flat", RATES, lambda c, e, f: 0.5, seeds=2)
    assert not any(c.significant for c in sweep_tests(flat).comparisons)


def test_trials_that_cannot_be_compared_are_left_out_and_counted() -> None:
    states = {"t0001": "diverged", "t0002": "failed", "t0003": "pending", "t0004": "running"}
    frames = made_up("mixed", RATES, by_rate, states=states, epochs_run={"t0004": 1})
    found = scores(frames)
    assert set(found.table["trial"]).isdisjoint(states)
    assert len(found.table) == 12
    assert found.note.en == "Left out: 2 not finished, 1 diverged, 1 failed."
    assert found.note.de == "Nicht berücksichtigt: 2 nicht fertig, 1 divergiert, 1 fehlgeschlagen."
    assert len(scores(frames, epoch=1).table) == 15


def test_stopped_trials_are_compared_at_an_epoch_that_all_reached() -> None:
    states = {f"t{i:04d}": "stopped" for i in range(1, 9)}
    frames = made_up("asha", RATES, by_rate, states=states, epochs_run=dict.fromkeys(states, 2))
    assert equal_epoch(frames) == 2
    assert len(scores(frames).table) == 16
    assert "after epoch 2" in scores(frames).note.en
    assert len(scores(frames, "last_val_acc").table) == 8


def test_a_mean_over_values_takes_pairs_in_which_all_of_them_ran() -> None:
    rows = grid(batch_size=[32, 64, 128], learning_rate=[0.01, 0.03], momentum=[0.0, 0.5, 0.9])
    table = scores(made_up("means", rows, by_rate))
    part = {"batch_size": 128, "learning_rate": 0.01, "momentum": 0.9}
    lost = table.table.index[matching(table.table, part)]
    sides = {"batch_size": 32}, {"batch_size": (64, 128)}
    whole = contrast(table, *sides)
    found = contrast(replace(table, table=table.table.drop(lost)), *sides)
    assert (whole.effect.n, whole.effect.trials) == (6, 18)
    assert (found.effect.n, found.effect.trials) == (5, 15)


def test_trials_on_other_images_do_not_pair() -> None:
    whole = made_up("a", grid(model=["CNN"]), by_rate, seeds=4)
    part = made_up("a", grid(model=["CNN2"]), by_rate, seeds=4, limit_images=0.1)
    apart = contrast(together([scores(whole), scores(part)]), {"model": "CNN"}, {"model": "CNN2"})
    assert apart.effect.n == 0
    both = together([scores(whole), scores(made_up("b", grid(model=["CNN2"]), by_rate, seeds=4))])
    assert contrast(both, {"model": "CNN"}, {"model": "CNN2"}).effect.n == 4
