"""ASHA that pauses and promotes, as published, with one simulated worker."""

import math
import random
from collections import Counter
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tune_mc1.planning.promotion import PromotingRungs, RungStep
from tune_mc1.planning.schedulers.asha_promote import PromotingHalving

RUNGS, LONGEST, ETA = (1, 3, 9), 27, 3


def drive(rungs: PromotingRungs, scores: Mapping[str, float]) -> Iterator[RungStep]:
    """One worker: promotes where it can, else starts the next setting."""
    waiting = list(scores)
    while True:
        step = rungs.promote(last=not waiting)
        if step is None and not waiting:
            return
        if step is not None:
            yield step
        trial, start = (step.trial, step.rung) if step else (waiting.pop(0), 0)
        for epoch in range(start + 1, LONGEST + 1):
            arrival = rungs.decide(trial, epoch, scores[trial])
            if arrival is not None:
                yield arrival
                if arrival.stop:
                    break


def test_promotions_are_those_of_the_paper() -> None:
    """`get_job` of Li et al. 2020 (algorithm 2), and the same rule for a trial that arrives."""
    draw = random.Random(3)
    scores = {f"t{i:04d}": draw.random() for i in range(60)}
    arrived: dict[int, dict[str, float]] = {rung: {} for rung in RUNGS}
    promoted: dict[int, set[str]] = {rung: set() for rung in RUNGS}

    def top(rung: int) -> list[str]:
        ranked = sorted(arrived[rung], key=lambda trial: -scores[trial])
        return ranked[: len(ranked) // ETA]

    for step in drive(PromotingRungs([RUNGS], ETA), scores):
        if step.trial in arrived[step.rung]:  # a promotion
            promotable = [
                (rung, trial)
                for rung in reversed(RUNGS)
                for trial in top(rung)
                if trial not in promoted[rung]
            ]
            if promotable:
                assert (step.rung, step.trial) == promotable[0]
            else:  # the sweep would end
                assert len(arrived[LONGEST // 3]) < ETA
        else:
            arrived[step.rung][step.trial] = step.score
            assert step.stop == (step.trial not in top(step.rung))
        if not step.stop:
            promoted[step.rung].add(step.trial)
    assert len(arrived[1]) == 60
    assert 20 <= len(promoted[1]) <= 30
    assert max(scores, key=lambda trial: scores[trial]) in promoted[9]


@given(st.lists(st.floats(0, 1) | st.just(float("nan")), min_size=1, max_size=30))
def test_restored_at_any_point_it_goes_on_alike(values: list[float]) -> None:
    """All state is in the decisions: a restored scheduler makes the same ones."""
    scores = {f"t{i:04d}": value for i, value in enumerate(values)}
    whole = PromotingRungs([RUNGS], ETA)
    steps = list(drive(whole, scores))
    for cut in range(0, len(steps), 7):
        again = PromotingRungs([RUNGS], ETA)
        again.restore(again.from_event(again.to_event(step)) for step in steps[:cut])
        for step in steps[cut:]:
            if step.trial in again.paused:
                assert (again.promote() or again.promote(last=True)) == step
            else:
                assert again.decide(step.trial, step.rung, step.score) == step
    completed = scores.keys() - whole.gone(steps)
    assert bool(completed) == any(map(math.isfinite, values))


def test_a_trial_without_a_score_is_stopped_for_good() -> None:
    rungs = PromotingRungs([RUNGS], ETA)
    step = rungs.decide("t1", 1, float("nan"))
    assert step is not None
    assert step.stop
    assert list(rungs.paused) == []
    assert rungs.promote(last=True) is None


def test_brackets_have_the_sizes_of_hyperband() -> None:
    """Of 81 = 3^4 epochs: 27/4, 9/3, 3/2 and 1 (Li et al. 2018, algorithm 1)."""
    early = PromotingHalving.model_validate({"type": "asha_promote", "min_iter": 3, "brackets": 4})
    rungs = early.scheduler(81)
    assert rungs.brackets == [(3, 9, 27), (9, 27), (27,), ()]
    counts = Counter(rungs.bracket_of(f"t{i:05d}") for i in range(20_000))
    shares = [27 / 4, 9 / 3, 3 / 2, 1]
    for bracket, share in enumerate(shares):
        assert counts[bracket] / 20_000 == pytest.approx(share / sum(shares), abs=0.01)


def promoting(**keys: object) -> PromotingHalving:
    return PromotingHalving.model_validate({"type": "asha_promote", "eta": 2, **keys})


def test_one_rung_for_screening_comes_before_the_others() -> None:
    early = promoting(min_iter=3, screen_iter=1)
    assert early.rung_epochs(27) == (1, 3, 6, 12, 24)
    assert promoting(min_iter=3).rung_epochs(27) == (3, 6, 12, 24)
    counts = {row["epoch"]: row["trials"] for row in early.dry_run_rows(32, 27)}
    assert counts == {1: 32, 3: 16, 6: 8, 12: 4, 24: 2, 27: 1}
    two = promoting(min_iter=3, screen_iter=1, brackets=2)
    assert two.brackets_of(27) == [(1, 3, 6, 12, 24), (3, 6, 12, 24)]
    assert early.problem(3) is not None, "a screening alone is no rung that a model learns from"


@pytest.mark.parametrize(
    ("keys", "rule"),
    [
        ({"min_iter": 3, "screen_iter": 3}, r"must be less than min_iter \(3\), got 3"),
        ({"screen_iter": 1}, r"must be less than min_iter \(1\), got 1"),
        ({"s": 2, "max_iter": 27, "screen_iter": 1}, "screen_iter requires min_iter"),
    ],
    ids=["not before it", "before none", "counted back"],
)
def test_a_rung_for_screening_is_before_min_iter(keys: dict[str, int], rule: str) -> None:
    with pytest.raises(ValidationError, match=rule):
        promoting(**keys)
