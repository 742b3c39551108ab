"""Ranking of trials and settings that diverged or failed."""

from collections.abc import Sequence

import pytest

from tune_mc1.config.metrics import epoch_metrics
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.results.ended_scores import ended_scores
from tune_mc1.results.events import end_event, epoch_event, start_events, trial_event
from tune_mc1.results.lead import lead_of
from tune_mc1.results.out_of_race import out_of_race
from tune_mc1.results.settings import settings_of, settings_table, winners
from tune_mc1.results.tables import SweepTables
from tune_mc1.terminal.formatting import best_so_far

Ended = tuple[float | None, str]
"""Score of a trial, None if it has none, and its state."""


def tables(settings: Sequence[Sequence[Ended]]) -> SweepTables:
    """Tables of the settings' trials."""
    made = SweepTables()
    made.apply({"event": "sweep", "metric": "val_acc", "maximize": True, "validation": "test"})
    number = 0
    for place, trials in enumerate(settings, 1):
        for seed, (score, state) in enumerate(trials):
            number += 1
            trial = Trial(id=f"t{number}", config=TrialConfig(learning_rate=place / 100, seed=seed))
            made.apply(trial_event(trial))
            made.apply_all({**event, "time": 0.0} for event in start_events([trial.id]))
            if score is not None:
                row = dict.fromkeys(epoch_metrics(), score)
                row |= {"images_per_second": 1.0, "seconds": 1.0}
                made.apply(epoch_event({"trial": trial.id, "epoch": 1, **row}))
            if state != "running":
                made.apply(end_event(trial.id, state, time=float(number)))
    return made


def ranking(found: SweepTables) -> list[float]:
    """Place in the plan of each setting, best first."""
    return [round(100 * setting.rows[0]["learning_rate"]) for setting in settings_of(found)]


BEST = [(0.5, "completed"), (0.4, "completed"), (0.45, "completed")]
GONE = [(0.095, "diverged"), (0.095, "diverged"), (None, "diverged")]
WORST = [(0.08, "completed"), (0.07, "stopped"), (0.06, "completed")]
PARTLY = [(0.6, "completed"), (0.6, "completed"), (None, "diverged")]
LOST = [(0.9, "failed"), (0.9, "diverged"), (None, "pending")]
PENDING = [(None, "running")]


def test_a_setting_whose_trials_all_diverged_ranks_after_those_that_ended() -> None:
    found = tables([GONE, BEST, PENDING, WORST])
    assert ranking(found) == [2, 4, 1, 3]
    gone = settings_of(found)[2]
    assert (gone.diverged, gone.failed, gone.broken, gone.losses) == (3, 0, True, "3 of 3 diverged")
    lead = lead_of(found, settings_of(found))
    assert (lead.settings, lead.set_aside) == (2, 1)
    assert lead.gap == pytest.approx(0.38)
    found.rank = "score"
    assert ranking(found) == [2, 1, 4, 3]
    assert lead_of(found, settings_of(found)).settings == 3


def test_a_setting_of_which_some_trials_diverged_is_ranked_by_the_others() -> None:
    found = tables([BEST, PARTLY, LOST])
    assert ranking(found) == [2, 1, 3]
    assert [s.losses for s in settings_of(found)] == [
        "1 of 3 diverged", "", "1 of 3 diverged, 1 of 3 failed",
    ]  # fmt: skip
    table = settings_table(found)
    assert table.column("diverged").to_pylist() == [1, 0, 1]
    assert table.column("failed").to_pylist() == [0, 0, 1]


def test_trials_are_ranked_alike() -> None:
    found = tables(
        [[(0.9, "failed")], [(0.2, "completed")], [(0.3, "running")], [(None, "diverged")]]
    )
    assert [row["trial"] for row in found.ranked()] == ["t3", "t2", "t1", "t4"]
    assert [row["trial"] for row in winners(found)] == ["t3"]
    assert best_so_far(found) == "best val_acc 0.3000 (t3)"
    assert out_of_race(found) == ["t4"], "a resume runs t1 again"
    scores, _ = ended_scores(found, None)
    assert scores == [None, 0.2, None]


def test_where_nothing_else_ended_the_best_has_a_word() -> None:
    found = tables([[(0.2, "diverged")], [(0.3, "failed")]])
    assert [row["trial"] for row in winners(found)] == ["t2"]
    assert best_so_far(found) == "best val_acc 0.3000 (t2, failed)"
    lead = lead_of(found, settings_of(found))
    assert (lead.settings, lead.set_aside) == (2, 0)
