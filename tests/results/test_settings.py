"""Replicates and folds of a setting: their mean, interval and rank."""

import numpy as np
import pytest
from scipy import stats

from tune_mc1.config.metrics import epoch_metrics
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.results.events import epoch_event, trial_event
from tune_mc1.results.settings import repeated, settings_of, settings_table, summarize, winners
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
