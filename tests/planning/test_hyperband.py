"""`hyperband` by W&B's rules, against runs that its own engine stopped (`sweeps` 0.3.0)."""

import json
from pathlib import Path
from typing import Any

import pytest

from tune_mc1.planning.rungs import Rungs
from tune_mc1.planning.schedulers.hyperband import Hyperband

RECORDED = json.loads(Path(__file__).with_name("wandb_hyperband.json").read_text())
"""Scores of runs that report in turns, higher is better, and the epoch at which each was stopped
by `hyperband_stop_runs`."""


def build(**early: Any) -> Hyperband:
    return Hyperband.model_validate({"type": "hyperband", **early})


def stops(early: Hyperband, curves: dict[str, list[float | None]]) -> dict[str, int]:
    """Epochs at which trials that report in turns are stopped, half of it after a resume."""
    scheduler = early.scheduler(100)
    ended: dict[str, int] = {}
    journal: list[Any] = []
    for epoch in range(1, 1 + max(map(len, curves.values()))):
        if epoch == 5:
            events = [json.loads(json.dumps(scheduler.to_event(one))) for one in journal]
            scheduler = early.scheduler(100)
            scheduler.restore(map(scheduler.from_event, events))
        for trial, curve in curves.items():
            if trial in ended or epoch > len(curve):
                continue
            decision = scheduler.decide(trial, epoch, curve[epoch - 1])
            if decision is not None:
                journal.append(decision)
                if decision.stop:
                    ended[trial] = epoch
    return ended


@pytest.mark.parametrize("case", RECORDED, ids=lambda c: f"{c['early_terminate']}")
def test_the_same_runs_are_stopped_as_in_wandb(case: dict[str, Any]) -> None:
    assert stops(build(**case["early_terminate"]), case["scores"]) == case["stopped"]


def test_a_trial_without_a_finite_score_is_stopped() -> None:
    """W&B never stops it; here it is the worst."""
    curves: dict[str, list[float | None]] = {"a": [0.1, 0.1], "b": [None, None]}
    assert stops(build(min_iter=1, eta=3), curves) == {"b": 1}


def test_a_sweep_of_an_earlier_version_keeps_its_rules() -> None:
    """Its file has `brackets`, which W&B's rules do not have."""
    assert isinstance(build(min_iter=1, brackets=1).scheduler(9), Rungs)
    assert not isinstance(build(min_iter=1).scheduler(9), Rungs)
    assert "brackets" not in build(min_iter=1).model_dump(mode="json", exclude_none=True)
