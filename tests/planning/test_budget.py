"""Budgets: how they are given, what counts, and when they are used up."""

import math
from typing import Any

import pytest
from pydantic import ValidationError

from tune_mc1.config.budget import Budget, read_budget, seconds_of
from tune_mc1.planning.budget import buys, duration, epochs_left, settled, used_up
from tune_mc1.planning.spent import Spent


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("2h", 7200), ("90m", 5400), ("1h30m", 5400), ("1.5h", 5400), ("45s", 45), ("1d", 86_400)],
)
def test_durations(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds
    assert Budget.model_validate({"time": text}).time == seconds


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ({"time": "2 hours"}, "must be a duration such as 2h"),
        ({"time": 0}, "greater than 0"),
        ({"cost": 10}, "cost requires price too"),
        ({"price": 2.5}, "price requires cost too"),
        ({"epochs": 1.5}, "epochs"),
        ({"hours": 2}, "hours"),
    ],
)
def test_bad_budgets(content: dict[str, Any], rule: str) -> None:
    with pytest.raises(ValidationError, match=rule):
        Budget.model_validate(content)


def test_the_flag_changes_the_limits_that_it_names() -> None:
    before = Budget(time=60, epochs=5)
    assert read_budget("time=2h", before) == {"time": "2h", "epochs": 5}
    assert read_budget("epochs=none", before) == {"time": 60}
    assert read_budget("none", before) is None
    with pytest.raises(ValueError, match="did you mean 'epochs'"):
        read_budget("epoch=4", None)


def run(*steps: tuple[str, float, Any]) -> Spent:
    """Events as `(kind, time, trial and epoch)`."""
    spent = Spent()
    for kind, time, of in steps:
        more: dict[str, Any] = {}
        if kind == "epoch":
            more = {"trial": of[0], "epoch": of[1]}
        elif kind == "price":
            more = {"an_hour": of}
        spent.take({"event": kind, "time": time, **more})
    return spent


FIRST = (
    ("sweep", 0.0, None),
    ("price", 0.0, 3600.0),
    ("start", 100.0, "a"),
    ("epoch", 110.0, ("a", 1)),
    ("epoch", 130.0, ("a", 2)),
)


def test_only_time_in_which_trials_ran_counts() -> None:
    spent = run(*FIRST)
    assert spent.seconds() == 30
    assert spent.seconds(now=150.0) == 50
    # killed, and resumed a day later, when Ray took a minute to start
    spent = run(*FIRST, ("resume", 90_000.0, None))
    assert spent.seconds(now=90_050.0) == 30
    spent = run(*FIRST, ("resume", 9e4, None), ("start", 90_060.0, "a"), ("close", 99_999.0, None))
    assert spent.seconds() == 30
    assert spent.seconds(now=90_070.0) == 40


def test_an_epoch_that_runs_again_counts_once() -> None:
    again = (("resume", 200.0, None), ("start", 200.0, "a"), ("epoch", 210.0, ("a", 2)))
    spent = run(*FIRST, *again, ("epoch", 220.0, ("a", 3)))
    assert spent.epochs == 3
    assert spent.has("a", 3)
    assert not spent.has("a", 4)


def test_a_replaced_trial_has_not_run_the_epochs_that_it_lacks() -> None:
    """One of a population that diverged in its first epoch and went on with the third."""
    assert run(*FIRST, ("start", 140.0, "b"), ("epoch", 150.0, ("b", 3))).epochs == 3


def test_each_run_has_its_own_price() -> None:
    later = (("resume", 200.0, None), ("price", 200.0, 1800.0), ("start", 200.0, "a"))
    spent = run(*FIRST, *later, ("end", 220.0, "a"))
    assert spent.cost() == pytest.approx(30 * 1 + 20 * 0.5)


def test_used_up() -> None:
    spent = run(*FIRST)
    assert used_up(None, spent, 1e9) is None
    assert used_up(Budget(time=40), spent, 139.0) is None
    assert used_up(Budget(time=40), spent, 140.0) == "budget.time: 40s are used up"
    assert used_up(Budget(epochs=5), spent, 0.0, underway=2) is None
    begun = used_up(Budget(epochs=5), spent, 0.0, underway=3)
    assert begun == "budget.epochs: the last of 5 have begun"
    assert settled(Budget(epochs=5), spent) == "budget.epochs: 2 of 5 are used up"
    assert used_up(Budget(epochs=2), spent, 0.0) == "budget.epochs: 2 are used up"
    assert settled(Budget(epochs=2), spent) == "budget.epochs: 2 are used up"
    assert epochs_left(Budget(epochs=5), spent, 1) == 2
    assert epochs_left(Budget(time=5), spent, 1) == math.inf
    priced = Budget(cost=45, price=3600)
    assert used_up(priced, spent, 140.0) is None
    assert used_up(priced, spent, 145.0) == "budget.cost: 45 is used up, at 3600 an hour"


def test_what_a_budget_buys() -> None:
    enough = buys(Budget(time=7200), epochs=100, seconds=3600.0, trials=10)
    assert (enough["limit"], enough["epochs"], enough["trials"]) == (None, 100, 10)
    half = buys(Budget(time=1800, epochs=80), epochs=100, seconds=3600.0, trials=10)
    assert (half["limit"], half["epochs"], half["trials"]) == ("time", 50, 5)
    paid = buys(Budget(cost=1, price=4), epochs=100, seconds=3600.0, trials=10)
    assert (paid["limit"], paid["share"]) == ("cost", 0.25)
    assert buys(Budget(time=60), epochs=0, seconds=None, trials=3) == {"limits": {"time": 60}}
    assert duration(5400) == "1h30m"


@pytest.mark.parametrize(("whole", "limit"), [(49, 1), (47, 3), (55, 7)])
def test_a_budget_buys_the_epochs_that_it_names(whole: int, limit: int) -> None:
    """49 * (1 / 49) is less than 1 in floating point."""
    assert buys(Budget(epochs=limit), epochs=whole, seconds=None, trials=7)["epochs"] == limit
