"""When another setting is not worth its cost: calibrated on draws whose truth is known."""

import math
from collections.abc import Callable
from statistics import fmean

import numpy as np
import pytest

from tune_mc1.planning.next_gain import Outlook, not_worth_it, outlook

Draw = Callable[[np.random.Generator, int], np.ndarray]
LEAST, MOST = 0.005, 200


def bowl(rng: np.random.Generator, count: int) -> np.ndarray:
    """Accuracy as a bowl over three parameters."""
    off = (rng.random((count, 3)) - 0.4) ** 2
    return np.asarray(0.75 - 0.6 * off.sum(axis=1))


def uniform(rng: np.random.Generator, count: int) -> np.ndarray:
    return rng.uniform(0.1, 0.8, count)


def normal(rng: np.random.Generator, count: int) -> np.ndarray:
    """Without an upper end, as no score is: the model is still not far off."""
    return rng.normal(0.5, 0.1, count)


def ended(scores: np.ndarray) -> tuple[int, Outlook | None]:
    """The number of settings after which the sweep ends, and its outlook."""
    count = 12
    while count < len(scores):
        found = not_worth_it(list(scores[:count]), len(scores) - count, LEAST)
        if found is not None:
            return count, found
        count += 1 + count // 10
    return len(scores), None


@pytest.mark.parametrize("draw", [bowl, uniform, normal])
def test_it_ends_rightly_and_says_what_it_misses(draw: Draw) -> None:
    rng = np.random.default_rng(5)
    truth = draw(rng, 400_000)
    wrong, covered, runs = 0, 0, 20
    stops = []
    for _ in range(runs):
        scores = draw(rng, MOST)
        count, found = ended(scores)
        assert found is not None
        stops.append(count)
        best = scores[:count].max()
        wrong += bool(np.maximum(truth - best, 0).mean() > LEAST)
        missed = max(0.0, float(draw(rng, MOST - count).max()) - best)
        covered += found.rest.low <= missed <= found.rest.high
    assert wrong <= 1  # another setting was worth it after all
    assert covered >= 0.85 * runs
    assert fmean(stops) < 0.75 * MOST  # and it does end


def test_the_truth_of_a_uniform_score() -> None:
    rng = np.random.default_rng(1)
    found = [outlook(list(rng.random(100)), 50) for _ in range(40)]
    said = fmean(one.next.mean for one in found if one is not None)
    true = 1 / (101 * 102)
    assert true < said < 6 * true  # too much rather than too little
    rest = fmean(one.rest.mean for one in found if one is not None)
    assert 1 / 101 - 1 / 151 < rest < 6 * (1 / 101 - 1 / 151)


def test_a_search_that_still_finds_better_settings_goes_on() -> None:
    rising = [0.5 + 0.004 * i + 0.01 * math.sin(i) for i in range(60)]
    assert not_worth_it(rising, 40, 0.001, learns=True) is None
    flat = [*rising, *(0.7 + 0.0001 * math.sin(i) for i in range(120))]
    found = not_worth_it(flat, 40, 0.001, learns=True)
    assert found is not None
    assert found.next.high < 0.001


def test_too_few_or_failed_settings_say_nothing() -> None:
    assert outlook([0.1, None, math.nan] * 11, 50) is None
    equal = not_worth_it([0.5] * 40, 50, 1e-6)
    assert equal is not None
    assert equal.rest.high < 1e-9
