"""`median`, against Ray Tune's `MedianStoppingRule`."""

import random
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import ValidationError
from ray.tune.schedulers import MedianStoppingRule

from tune_mc1.config.early_terminate import model_of
from tune_mc1.config.stop_reason import StopReason
from tune_mc1.planning.schedulers.median import MedianStopping


@dataclass(frozen=True)
class FakeTrial:
    trial_id: str


class FakeController:
    def get_live_trials(self) -> list[Any]:
        return []


def build(**keys: Any) -> MedianStopping:
    return MedianStopping.model_validate({"type": "median", **keys})


@pytest.mark.parametrize("seed", range(6))
def test_the_same_trials_are_stopped_as_in_ray_tune(seed: int) -> None:
    draw = random.Random(seed)
    grace, least = draw.choice([1, 2, 4]), draw.choice([1, 3, 5])
    ray = MedianStoppingRule(
        "epoch", metric="m", mode="max", grace_period=grace, min_samples_required=least,
        min_time_slice=10**9,
    )  # fmt: skip
    trials: dict[str, Any] = {f"t{i}": FakeTrial(f"t{i}") for i in range(20)}
    controller: Any = FakeController()
    ours = build(grace_period=grace, min_samples_required=least).scheduler(9)
    epochs = dict.fromkeys(trials, 0)
    stopped = set()
    while running := [t for t in trials if t not in stopped and epochs[t] < 9]:
        trial = draw.choice(running)
        epochs[trial] += 1
        score = draw.random()
        result = {"epoch": epochs[trial], "m": score}
        expected = ray.on_trial_result(controller, trials[trial], result) == "STOP"
        decision = ours.decide(trial, epochs[trial], score)
        assert decision is not None
        assert decision.stop == expected
        if expected:
            stopped.add(trial)
            reason = ours.reason(trial)
            assert isinstance(reason, StopReason)
            assert reason.score < reason.limit  # type: ignore[operator]
    assert 0 < len(stopped) < 20


def test_bad_keys_are_refused() -> None:
    assert model_of({"type": "median"}) is MedianStopping
    assert str(build(grace_period=9).problem(9)) == (
        "early_terminate.grace_period: must be less than the epochs of the longest trial (9), got 9"
    )
    with pytest.raises(ValidationError, match="min_samples_required"):
        build(min_samples_required=0)
