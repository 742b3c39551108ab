"""ASHA's decisions, against Ray's own scheduler and by hand."""

import math
import random
from types import SimpleNamespace
from typing import Any

import pytest
from ray.tune.schedulers.async_hyperband import _Bracket

from tune_mc1.planning.rungs import RungEntry, Rungs, survivors


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("min_iter", "eta", "longest"), [(1, 3, 10), (2, 2, 16), (1, 4, 81)])
def test_decides_as_ray_does(seed: int, min_iter: int, eta: int, longest: int) -> None:
    rungs_at = [min_iter * eta**k for k in range(20) if min_iter * eta**k < longest]
    ours = Rungs([rungs_at], eta)
    ray = _Bracket(min_iter, longest, eta, 0)
    rng = random.Random(seed)
    running = {f"t{i}": 0 for i in range(60)}
    stops = 0
    while running:
        trial = rng.choice(sorted(running))
        running[trial] += 1
        epoch, score = running[trial], rng.random()
        action = "CONTINUE"
        if epoch < longest:
            fake: Any = SimpleNamespace(trial_id=trial)
            action = ray.on_result(fake, epoch, score)
        entry = ours.decide(trial, epoch, score)
        assert (entry is not None and entry.stop) == (action == "STOP")
        stops += action == "STOP"
        if action == "STOP" or epoch == longest:
            del running[trial]
    assert stops > 20


def test_first_arrival_goes_on_and_the_cutoff_is_a_quantile() -> None:
    rungs = Rungs([(1,)], eta=2)
    assert rungs.decide("a", 1, 0.5) == RungEntry("a", 0, 1, 0.5, None, stop=False)
    entry = rungs.decide("b", 1, 0.7)
    assert entry is not None
    assert (entry.cutoff, entry.stop) == (0.5, False)
    entry = rungs.decide("c", 1, 0.59)
    assert entry is not None
    assert entry.cutoff == pytest.approx(0.6)
    assert entry.stop


@pytest.mark.parametrize("score", [None, math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_the_worst(score: float | None) -> None:
    rungs = Rungs([(1,)], eta=2)
    rungs.decide("a", 1, 0.1)
    entry = rungs.decide("b", 1, score)
    assert entry is not None
    assert entry.stop
    after = rungs.decide("c", 1, 0.05)
    assert after is not None
    assert not after.stop, "the worst score lowers the cutoff, and never raises it to NaN"


def test_a_trial_is_judged_once_a_rung() -> None:
    rungs = Rungs([(1, 3)], eta=3)
    assert rungs.decide("a", 1, 0.5) is not None
    assert rungs.decide("a", 1, 0.9) is None
    assert rungs.decide("a", 2, 0.9) is None
    third = rungs.decide("a", 3, 0.9)
    assert third is not None
    assert third.rung == 3


def test_a_trial_that_breaks_off_fills_its_next_rung() -> None:
    rungs = Rungs([(1, 3)], eta=3)
    rungs.decide("a", 1, 0.5)
    entry = rungs.forfeit("a", 2)
    assert entry is not None
    assert (entry.rung, entry.score, entry.stop) == (3, -math.inf, True)
    assert rungs.forfeit("a", 4) is None


def test_restored_rungs_go_on_as_if_never_away() -> None:
    rng = random.Random(1)
    scores = {f"t{i}": [rng.random() for _ in range(3)] for i in range(30)}
    whole = Rungs([(1, 2)], eta=2)
    entries = [
        entry
        for epoch in (1, 2)
        for trial in scores
        if (entry := whole.decide(trial, epoch, scores[trial][epoch])) is not None
    ]
    half = Rungs([(1, 2)], eta=2)
    half.restore(entries[:17])
    again = [half.decide(e.trial, e.rung, e.score) for e in entries[17:]]
    assert again == entries[17:]


def test_brackets_share_out_the_trials() -> None:
    rungs = Rungs([(1, 3, 9), (3, 9)], eta=3)
    of = [rungs.bracket_of(f"t{i:04d}") for i in range(1000)]
    share = math.exp(3) / (math.exp(3) + math.exp(2))
    assert of.count(0) / 1000 == pytest.approx(share, abs=0.05)
    late = next(f"t{i:04d}" for i in range(1000) if of[i] == 1)
    assert rungs.decide(late, 1, 0.5) is None
    assert rungs.decide(late, 3, 0.5) is not None


def test_survivors_by_hand() -> None:
    assert survivors(40, (1, 3), 3) == [40, 14, 5]
