"""Sweeps of which more or fewer trials run at a time as they are asked to, alone or fused."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.in_process import sweep_here
from tests.support.steered_sweeps import (
    OFF,
    ONE,
    QUICK,
    Steps,
    content,
    most_at_a_time,
    run,
    states,
    trials,
)
from tests.support.steering import at_once, reached
from tune_mc1.results.steering.requests import Add, Resize, StopTrials


def both_run(events: list[dict[str, Any]]) -> bool:
    return all(reached(trial, 1)(events) for trial in ("t0001", "t0002"))


@pytest.mark.parametrize("early", [None, "asha_promote"])
def test_fewer_run_at_a_time(tmp_path: Path, image_dir: Path, early: str | None) -> None:
    """Those that wait for resources with Ray are taken back; one of them is stopped."""
    rule = {"early_terminate": {"type": early, "min_iter": 4, "eta": 3}} if early else {}
    sweep = content(image_dir, 6, resources={"cpu": 1}, **rule)
    sweep["parameters"]["epochs"] = {"value": 12}
    steps: Steps = [
        (both_run, Resize(1)),
        (at_once, StopTrials(("t0004",))),
        (at_once, Add(1)),
    ]
    done = run(tmp_path, sweep, steps, *OFF)
    assert done.ran.status == 0, done.ran.err
    more = "; " if early is None else ""  # a trial may pause just then
    assert done.lines[0].startswith(f"accepted: at most 1 run at a time{more}")
    assert done.lines[1] == "accepted: t0004 will not start"
    found = trials(done.ran.root)
    assert len(found) == 7
    assert (found["t0004"]["state"], found["t0004"]["epochs_run"]) == ("stopped", 0)
    assert set(states(done.ran.root)) == {"completed", "stopped"}
    assert max(row["attempts"] for row in found.values()) <= (1 if early is None else 2)
    late = most_at_a_time(done.ran, after="resize")
    assert late == 1, late


@pytest.mark.parametrize("early", [None, "asha", "asha_promote"])
def test_fewer_fused_trials_run_at_a_time(
    tmp_path: Path, image_dir: Path, early: str | None
) -> None:
    """Each trial counts, and groups that have not begun are formed anew.

    As trials of the first group pause, others take their places, one by one if a core is free.
    """
    rule = {"early_terminate": {"type": early, "min_iter": 40, "eta": 3}} if early else {}
    sweep = content(image_dir, 8, fuse=4, **rule)
    # without pauses, as groups make none: the first one needs time before its rung
    sweep["parameters"] |= {"epochs": {"value": 60}, "model": {"value": QUICK}}
    steps: Steps = [(reached("t0001", 1), Resize(2)), (at_once, Add(3))]
    done = run(tmp_path, sweep, steps, "--max-concurrent", "4", *OFF)
    assert done.ran.status == 0, done.ran.err
    expected = "accepted: at most 2 trials run at a time, in groups of up to 2; "
    assert done.lines[0] == f"{expected}2 more go on to their end"
    assert "3 settings added" in done.lines[1]
    found = trials(done.ran.root)
    assert len(found) == 11
    assert set(states(done.ran.root)) <= {"completed", "stopped"}
    assert [found[f"t000{i}"]["fused"] for i in range(1, 5)] == [4] * 4 or early == "asha_promote"
    later = max(row["fused"] or 1 for trial, row in found.items() if trial > "t0004")
    assert later == 2 or (early == "asha_promote" and later == 1)
    assert most_at_a_time(done.ran, after="resize") == 2


def test_more_fused_trials_run_at_a_time(tmp_path: Path, image_dir: Path) -> None:
    """The first group beside a trial that runs is as large as there is room."""
    sweep = content(image_dir, 9, fuse=4)
    sweep["parameters"]["epochs"] = {"value": 6}
    steps: Steps = [(reached("t0001", 1), Resize(4))]
    done = run(tmp_path, sweep, steps, *ONE)
    assert done.ran.status == 0, done.ran.err
    assert done.lines[0] == "accepted: at most 4 trials run at a time, in groups of up to 4"
    fused = [row["fused"] or 1 for row in trials(done.ran.root).values()]
    assert fused[:4] == [1, 3, 3, 3]
    assert max(fused) <= 4
    assert most_at_a_time(done.ran, after="resize") == 4


def test_all_trials_run_where_groups_are_divided(tmp_path: Path, image_dir: Path) -> None:
    """Three at a time in groups of two: there are more groups than were planned."""
    sweep = content(image_dir, 7, fuse=2)
    sweep["parameters"]["epochs"] = {"value": 2}
    ran = sweep_here(tmp_path, sweep, "random", "--max-concurrent", "3", *OFF)
    assert ran.status == 0, ran.err
    found = trials(ran.root)
    assert [row["state"] for row in found.values()] == ["completed"] * 7
    assert {row["fused"] or 1 for row in found.values()} == {1, 2}
