"""Replicates and folds of a setting: their mean, interval and rank."""

import numpy as np
import pytest
from scipy import stats

from tune_mc1.config.metrics import epoch_metrics
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.results.events import epoch_event, trial_event
from tune_mc1.results.lead import lead_of
from tune_mc1.results.settings import repeated, repeats, settings_of, settings_table, winners
from tune_mc1.results.summary import mean_interval, summarize
from tune_mc1.results.tables import SweepTables


def tables(scores: dict[float, list[float]], validation: object = "test") -> SweepTables:
    """Tables of trials of one epoch: for each learning rate the scores of its replicates."""
    made = SweepTables()
    made.apply({"event": "sweep", "metric": "val_acc", "maximize": True, "validation": validation})
    number = 0
    for rate, values in scores.items():
        for seed, value in enumerate(values):
            number += 1
            trial = Trial(id=f"t{number:04d}", config=TrialConfig(learning_rate=rate, seed=seed))
            made.apply(trial_event(trial))
            row = dict.fromkeys(epoch_metrics(), value) | {"images_per_second": 1.0, "seconds": 1.0}
            made.apply(epoch_event({"trial": trial.id, "epoch": 1, **row}))
    return made


def test_interval_is_students() -> None:
    scores = [0.5, 0.53, 0.47, 0.55]
    summary = summarize(scores)
    low, high = stats.t.interval(0.95, 3, np.mean(scores), stats.sem(scores))
    assert (summary.low, summary.high) == pytest.approx((low, high))
    assert summary.sd == pytest.approx(np.std(scores, ddof=1))


def test_interval_over_folds_allows_for_their_overlap() -> None:
    scores = list(np.linspace(0.5, 0.6, 10))
    plain, folds = summarize(scores), summarize(scores, folds=10)
    assert plain.mean == folds.mean
    assert plain.high is not None
    assert folds.high is not None
    assert plain.mean is not None
    wider = (folds.high - plain.mean) / (plain.high - plain.mean)
    assert wider == pytest.approx(((1 / 10 + 1 / 9) / (1 / 10)) ** 0.5)


def test_few_scores_have_no_interval() -> None:
    assert summarize([]).mean is None
    one = summarize([0.4])
    assert (one.n, one.mean, one.sd, one.low) == (1, 0.4, None, None)
    two = summarize([0.7, 0.12], limits=(0.0, 1.0))  # Student's would be -3.3 to 4.1
    assert (two.low, two.high, two.points) == (None, None, (0.12, 0.7))
    assert summarize([0.4] * 3).low is None


@pytest.mark.parametrize(("mean", "sd", "least"), [(0.97, 0.02, 0.94), (0.5, 0.2, 0.945)])
def test_an_interval_stays_within_what_the_metric_can_be(
    mean: float, sd: float, least: float
) -> None:
    """Scores of three seeds: it covers their mean, which Student's, cut off, does in 92 of 100."""
    size = mean * (1 - mean) / sd**2 - 1
    drawn = np.random.default_rng(0).beta(mean * size, (1 - mean) * size, (20_000, 3))
    error = drawn.std(axis=1, ddof=1) / 3**0.5
    low, high = mean_interval(drawn.mean(axis=1), error, 2, (0.0, 1.0))
    assert low.min() >= 0
    assert high.max() <= 1
    assert least <= np.mean((low <= mean) & (mean <= high)) <= 0.96
    near = mean_interval(0.5, 0.001, 2, (0.0, 1.0))
    assert near == pytest.approx(mean_interval(0.5, 0.001, 2), abs=1e-5)
    low, high = mean_interval(np.array([0.2]), np.array([0.3]), 2, (0.0, np.inf))
    assert 0 < low[0] < 0.2 < high[0]


def test_equal_runs_are_no_replicates() -> None:
    """Four equal trials were shown as n = 4 with an interval of width 0."""
    made = tables({0.01: [0.156], 0.03: [0.1, 0.2, 0.15]})
    row = made.trials["t0001"]
    for i in range(3):
        trial = Trial(id=f"t10{i}", config=TrialConfig(learning_rate=0.01, device="cpu"))
        made.apply(trial_event(trial))
        made.trials[trial.id] |= {n: row[n] for n in row if n.startswith("best_")}
        made.history[trial.id, 1] = made.history["t0001", 1] | {"trial": trial.id}
    best = settings_of(made)[0]
    assert len(best.rows) == 4
    assert (best.score.n, best.score.runs, best.score.sd, best.score.low) == (4, 1, None, None)
    assert repeats(made) == 3
    assert settings_of(made)[1].score.low is not None


def test_the_lead_of_the_best_setting() -> None:
    once = tables({0.01: [0.60], 0.03: [0.59], 0.1: [0.40]}, {"holdout": 0.1})
    once.metadata["train_images"] = 10_000
    lead = lead_of(once, settings_of(once))
    assert (lead.images, lead.basis) == (1000, "images")
    assert lead.error == pytest.approx((0.6 * 0.4 / 1000) ** 0.5)
    assert lead.gap == pytest.approx(0.01)
    assert lead.tied == (2,)
    seeds = tables({0.01: [0.60, 0.61, 0.62], 0.03: [0.58, 0.595, 0.603], 0.1: [0.61, 0.6, 0.6]})
    paired = lead_of(seeds, settings_of(seeds))
    assert (paired.basis, paired.error, paired.tied) == ("seeds", None, (2,))
    oracle = stats.ttest_rel([0.60, 0.61, 0.62], [0.58, 0.595, 0.603], alternative="greater")
    assert 2 * oracle.pvalue < 0.05  # Holm: the smaller of two
    assert lead_of(SweepTables(), []).settings == 0


def test_equal_runs_are_tied_and_what_cannot_be_tested_is_counted() -> None:
    """A parameter without effect was called worse, and so was a setting of a single run."""
    equal = tables({0.01: [0.6, 0.61, 0.62], 0.03: [0.6, 0.61, 0.62], 0.1: [0.3, 0.4, 0.2]})
    lead = lead_of(equal, settings_of(equal))
    assert (lead.tied, lead.basis, lead.untested) == ((2,), "seeds", 0)
    single = tables({0.01: [0.6, 0.61, 0.62], 0.03: [0.3, 0.4, 0.2], 0.1: [0.59]})
    lead = lead_of(single, settings_of(single))
    assert (lead.settings, lead.tied, lead.basis, lead.untested) == (3, (), "seeds", 1)


def test_settings_are_ranked_by_their_mean() -> None:
    made = tables({0.01: [0.9, 0.1], 0.03: [0.6, 0.6], 0.1: [0.2, 0.3]})
    ranked = settings_of(made)
    assert [s.rows[0]["learning_rate"] for s in ranked] == [0.03, 0.01, 0.1]
    assert [row["trial"] for row in winners(made)] == ["t0003", "t0004"]
    assert repeated(made)
    assert not repeated(tables({0.01: [0.5], 0.03: [0.4]}))


def test_settings_without_a_score_come_last() -> None:
    made = tables({0.01: [0.1]})
    made.apply(trial_event(Trial(id="t0009", config=TrialConfig(learning_rate=0.5))))
    last = settings_of(made)[-1]
    assert last.score.n == 0
    table = settings_table(made)
    assert table.column("mean").to_pylist() == [0.1, None]
    assert table.column("trials").to_pylist() == [1, 1]
    assert "seed" not in table.column_names


def test_no_trials_no_winner() -> None:
    assert winners(SweepTables()) == []
