"""A Bayesian search that goes on suggests what it would have without the cut."""

from typing import Any

import pytest
from ray.tune.search import Searcher

from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.results.events import Event, end_event, epoch_event
from tune_mc1.running.search.bayes.search import BayesSearch
from tune_mc1.running.search.learning import LearningTrials

COUNT = 14
SWEEP = Sweep.model_validate(
    {
        "method": "bayes",
        "run_cap": COUNT,
        "search_seed": 5,
        "parameters": {
            "learning_rate": {"distribution": "log_uniform_values", "min": 1e-4, "max": 0.1},
            "batch_size": {"distribution": "int_uniform", "min": 8, "max": 64},
        },
    }
)


def search(events: list[Event]) -> LearningTrials:
    return LearningTrials(BayesSearch(SWEEP), SWEEP, events.append)


def score(trial: dict[str, Any]) -> float | None:
    rate = float(trial["config"]["learning_rate"])
    return None if trial["id"] == "t0003" else 1 - abs(rate - 0.02)  # one fails


def lived(trial: dict[str, Any]) -> list[Event]:
    """The events of a trial's epochs and of its end."""
    value, name = score(trial), trial["id"]
    if value is None:
        return [end_event(name, "failed")]
    rows = ({"trial": name, "epoch": e, "val_acc": value * e / 2} for e in (1, 2))
    return [*map(epoch_event, rows), end_event(name, "completed")]


def run(bayes: LearningTrials, events: list[Event], until: int | None = None) -> bool:
    """Runs trials one by one; a cut comes while trial number `until` runs."""
    for number in range(COUNT + 1):
        suggested = bayes.suggest(f"{number}")
        if suggested == Searcher.FINISHED:
            return True
        (trial,) = suggested["trials"]
        if trial["id"] == f"t{until or 0:04d}":
            return False
        for event in lived(trial):
            events.append(event)
            bayes.take(event)
    raise AssertionError


def uncut() -> list[Event]:
    quiet: list[Event] = []
    assert run(search(quiet), quiet)
    return quiet


def settings(events: list[Event]) -> dict[str, Any]:
    return {event["trial"]: event["config"] for event in events if event["event"] == "trial"}


@pytest.mark.parametrize("cut", [1, 3, 12])  # TPE begins to learn after ten trials
def test_a_cut_changes_no_suggestion(cut: int) -> None:
    quiet = uncut()
    assert len(settings(quiet)) == COUNT
    events: list[Event] = []
    assert not run(search(events), events, cut)
    told = {event["trial"] for event in events if event["event"] == "told"}
    left = [
        Trial(id=event["trial"], config=TrialConfig(**event["config"]))
        for event in events
        if event["event"] == "trial" and event["trial"] not in told
    ]
    assert [trial.id for trial in left] == [f"t{cut:04d}"]
    again = search(events)
    again.replay(list(events), [left])
    assert run(again, events)
    assert events == quiet


@pytest.mark.parametrize("cut", [2, 3, 11])
def test_a_cut_between_the_end_of_a_trial_and_what_is_told_of_it(cut: int) -> None:
    events: list[Event] = []
    assert not run(search(events), events, cut + 1)
    asked, told = events.pop(), events.pop()
    assert [asked["event"], told["event"]] == ["trial", "told"]
    again = search(events)
    again.replay(list(events), [])
    assert run(again, events)
    assert events == uncut()
