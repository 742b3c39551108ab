"""Sweeps that grow or shrink: which trials count, which are new, which are outside."""

from collections.abc import Sequence
from typing import Any

import pytest

from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.program_trial import AnyTrial
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import Trial
from tune_mc1.planning.growth import regrown
from tune_mc1.planning.search_space import plan_program_trials, plan_trials

RATE = {"distribution": "log_uniform_values", "min": 1e-3, "max": 1e-1}
RANDOM: dict[str, Any] = {"learning_rate": RATE, "batch_size": {"values": [32, 64]}}


def make(parameters: dict[str, Any], method: str = "random", **keys: Any) -> Sweep:
    return Sweep.model_validate({"method": method, "parameters": parameters, **keys})


def grown(before: Sweep, now: Sweep) -> tuple[list[AnyTrial], list[str]]:
    """Twice in a row: a resume from the directory alone must find the same."""
    planned = [] if now.adapter else plan_trials(now)
    trials, outside = regrown(now, plan_trials(before), planned, "a.yaml")
    known = {trial.id: trial for trial in [*plan_trials(before), *trials]}
    assert regrown(now, [known[id_] for id_ in sorted(known)], planned, "a.yaml") == (
        trials,
        outside,
    )
    return trials, outside


def rates(trials: Sequence[AnyTrial]) -> list[float]:
    return [trial.config.learning_rate for trial in trials if isinstance(trial, Trial)]


def test_a_larger_random_sweep_is_the_one_that_had_been_larger() -> None:
    few, many = make(RANDOM, run_cap=4), make(RANDOM, run_cap=9)
    assert grown(few, many) == (plan_trials(many), [])
    assert grown(many, few) == (plan_trials(few), [f"t000{n}" for n in (5, 6, 7, 8, 9)])


def test_a_wider_range_keeps_all_and_draws_the_others_from_it() -> None:
    before = make(RANDOM, run_cap=5)
    wide = make({**RANDOM, "learning_rate": {**RATE, "min": 1e-6}}, run_cap=40)
    trials, outside = grown(before, wide)
    assert trials[:5] == plan_trials(before)
    assert outside == []
    assert len(trials) == 40
    assert sum(rate < 1e-3 for rate in rates(trials[5:])) > 10
    assert rates(trials[5:]) == rates(plan_trials(wide)[5:])  # at the positions that follow


def test_a_narrower_range_leaves_trials_outside() -> None:
    before = make(RANDOM, run_cap=8)
    narrow = make({**RANDOM, "learning_rate": {**RATE, "min": 1e-2}}, run_cap=8)
    trials, outside = grown(before, narrow)
    inside = [trial.id for trial in plan_trials(before) if trial.config.learning_rate >= 1e-2]
    assert [trial.id for trial in trials[: len(inside)]] == inside
    assert len(trials) == 8
    assert set(outside) == {f"t000{n}" for n in range(1, 9)} - set(inside)
    assert min(rates(trials)) >= 1e-2
    assert [trial.id for trial in trials[len(inside) :]] == [
        f"t{n:04d}" for n in range(9, 9 + 8 - len(inside))
    ]


def test_a_new_parameter_keeps_the_trials_that_have_its_default_in_range() -> None:
    before, after = make(RANDOM, run_cap=3), {**RANDOM, "momentum": {"min": 0.0, "max": 0.9}}
    trials, outside = grown(before, make(after, run_cap=6))
    assert [trial.id for trial in trials[:3]] == ["t0001", "t0002", "t0003"]
    assert not outside
    apart = make({**after, "momentum": {"min": 0.5, "max": 0.9}}, run_cap=3)
    trials, outside = grown(before, apart)
    assert outside == ["t0001", "t0002", "t0003"]
    assert [trial.id for trial in trials] == ["t0004", "t0005", "t0006"]


def test_more_seeds_of_each_setting() -> None:
    one, three = make(RANDOM, run_cap=2), make(RANDOM, run_cap=3, replicates=3)
    trials, outside = grown(one, three)
    assert not outside
    seeds = {(t.config_hash, t.config.seed) for t in trials if isinstance(t, Trial)}
    assert seeds == {(t.config_hash, t.config.seed) for t in plan_trials(three)}
    assert [t.id for t in grown(three, one)[0]] == ["t0001", "t0004"]


def test_a_grid_with_more_values_keeps_those_still_in_it() -> None:
    before = make({"learning_rate": {"values": [0.1, 0.2]}}, "grid", validation={"folds": 2})
    now = make({"learning_rate": {"values": [0.3, 0.2]}}, "grid", validation={"folds": 2})
    trials, outside = grown(before, now)
    assert outside == ["t0001", "t0002"]
    assert [(t.id, t.config.learning_rate, t.fold) for t in trials if isinstance(t, Trial)] == [
        ("t0003", 0.2, 0),
        ("t0004", 0.2, 1),
        ("t0005", 0.3, 0),
        ("t0006", 0.3, 1),
    ]


def test_a_seed_that_varies_is_part_of_the_setting() -> None:
    seeds = {"seed": {"distribution": "int_uniform", "min": 0, "max": 10**6}}
    few, many = make(seeds, run_cap=2), make(seeds, run_cap=5)
    assert grown(few, many) == (plan_trials(many), [])


def test_a_small_space_that_is_used_up_gets_no_trial_twice() -> None:
    small = {"batch_size": {"values": [32, 64]}, "momentum": {"values": [0, 0.9]}}
    known = plan_trials(make(small, run_cap=2))
    trials, _ = regrown(make(small, run_cap=50), known, [], "a.yaml")
    new = [trial.config_hash for trial in trials[2:]]
    assert len(new) == len(set(new))
    assert not set(new) & {t.config_hash for t in known}


PROGRAM: dict[str, Any] = {"rate": {"min": 0.1, "max": 0.9}, "kind": {"values": [1, "1", True]}}


@pytest.mark.parametrize("limit", [3, 9])
def test_a_program_keeps_its_own_values(limit: int) -> None:
    def of(parameters: dict[str, Any], cap: int) -> ProgramSweep:
        given = {"method": "random", "parameters": parameters, "program": "a.py"}
        return ProgramSweep.model_validate({**given, "run_cap": cap, "directory": "/tmp"})

    before = plan_program_trials(of(PROGRAM, 5))
    trials, outside = regrown(of(PROGRAM, limit), before, [], "a.yaml")
    assert trials == plan_program_trials(of(PROGRAM, limit))
    assert outside == [f"t000{n}" for n in range(limit + 1, 6)]
    only = {**PROGRAM, "kind": {"values": ["1"]}}
    trials, outside = regrown(of(only, 5), before, [], "a.yaml")
    same = [trial.id for trial in before if trial.values["kind"] == "1"]
    assert [trial.id for trial in trials[: len(same)]] == same
    assert len(trials) == 5
    assert {repr(trial.values["kind"]) for trial in trials if trial.values} == {"'1'"}
