"""How many trials run at a time, of groups that are trained as one model."""

from collections.abc import Sequence
from math import inf
from typing import Any, cast

import pytest

from tune_mc1.config.program_trial import AnyTrial
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.running.early_end import EarlyEnd
from tune_mc1.running.search.limited import LimitedTrials
from tune_mc1.running.search.planned import PlannedTrials
from tune_mc1.running.search.until_end import UntilTheEnd


class NoEnd:
    """A sweep that goes on."""

    def room(self) -> float:
        return inf

    def starts(self, trials: Sequence[str]) -> None: ...

    def gives_back(self, trials: Sequence[str]) -> None: ...


ENDED: set[str] = set()


@pytest.fixture(autouse=True)
def none_ended() -> None:
    ENDED.clear()


def limited(most: int | None, *sizes: int) -> LimitedTrials:
    """A plan of groups of so many trials: t1 and so on."""
    ids = iter(range(1, sum(sizes) + 1))
    groups = [[Trial(id=f"t{next(ids)}", config=TrialConfig()) for _ in range(n)] for n in sizes]
    plan = UntilTheEnd(PlannedTrials(groups), cast(EarlyEnd, NoEnd()))
    return LimitedTrials(plan, most, ENDED.__contains__)


def suggested(search: LimitedTrials, name: str) -> Any:
    """Ids of the next group."""
    found = search.suggest(name)
    return [spec["id"] for spec in found["trials"]] if isinstance(found, dict) else found


def test_each_trial_of_a_group_counts_until_it_ends() -> None:
    search = limited(4, 3, 2, 1)
    assert suggested(search, "a") == ["t1", "t2", "t3"]
    assert suggested(search, "b") is None, "there is room for one, but the next are two"
    ENDED.add("t2")
    assert suggested(search, "c") == ["t4", "t5"]
    assert (search.count, suggested(search, "d")) == (4, None)
    ENDED.update(("t1", "t3", "t4", "t5"))
    assert search.count == 2, "as their processes are still there"
    search.on_trial_complete("a")
    assert suggested(search, "e") == ["t6"]
    assert suggested(search, "f") == "FINISHED"


def test_a_trial_that_goes_on_in_another_group_counts_once() -> None:
    search = limited(3, 2)
    suggested(search, "a")
    search.live["b"] = ["t2"]
    assert search.count == 2


def test_without_a_limit_all_come() -> None:
    search = limited(None, 3, 3)
    assert len(suggested(search, "a")) == len(suggested(search, "b")) == 3
    assert search.excess == 0


def test_a_group_that_is_too_large_is_divided() -> None:
    """As it was formed before the number changed, and may not be formed anew."""
    search = limited(2, 5)
    assert suggested(search, "a") == ["t1", "t2"]
    assert suggested(search, "b") is None
    search.on_trial_complete("a")
    assert suggested(search, "c") == ["t3", "t4"]
    search.on_trial_complete("c")
    assert suggested(search, "d") == ["t5"]


def test_a_group_is_divided_where_a_core_would_idle() -> None:
    """Three at a time in groups of two on two cores: two and one."""
    search = limited(3, 2, 2, 2)
    search.places = 2
    assert suggested(search, "a") == ["t1", "t2"]
    assert suggested(search, "b") == ["t3"]
    assert suggested(search, "c") is None, "no room"
    search.on_trial_complete("b")
    assert suggested(search, "d") == ["t4"]
    ENDED.add("t1")
    assert suggested(search, "e") is None, "there is room for one, but both cores are busy"
    search.on_trial_complete("a")
    assert suggested(search, "f") == ["t5", "t6"]


def test_the_rest_is_formed_anew() -> None:
    search = limited(4, 4, 4)
    assert len(suggested(search, "a")) == 4
    search.most = 2
    assert search.excess == 2

    def pairs(trials: Sequence[AnyTrial]) -> list[Sequence[AnyTrial]]:
        return [trials[i : i + 2] for i in range(0, len(trials), 2)]

    search.regroup(pairs)
    ENDED.update(("t1", "t2", "t3", "t4"))
    search.on_trial_complete("a")
    assert suggested(search, "b") == ["t5", "t6"]
    assert suggested(search, "c") is None


def test_a_search_is_asked_when_there_is_room_for_what_it_suggests_at_once() -> None:
    search = limited(4, 2, 2)
    search.least = 3
    assert suggested(search, "a") == ["t1", "t2"]
    assert suggested(search, "b") is None
    ENDED.add("t1")
    assert suggested(search, "c") == ["t3", "t4"]
