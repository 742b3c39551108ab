"""Whole sweeps of population based bandits, and diverged trials of a population."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.running.test_pbt_sweep import content, exchanges_of, history_of
from tests.support.faults import driving, events, result_dir, wait_for, write_sweep
from tests.support.in_process import Ran, run_here, sweep_here
from tune_mc1.results.directory import ResultDir

TRIALS, EPOCHS = 6, 4


def bandits(image_dir: Path, **keys: Any) -> dict[str, Any]:
    """A sweep in which rates are so high that some trials diverge."""
    made = content(image_dir, run_cap=TRIALS, **keys)
    made["parameters"]["learning_rate"] |= {"min": 0.001, "max": 1000.0}
    made["parameters"]["momentum"] = {"min": 0.0, "max": 0.95}
    made["parameters"]["batch_size"] = {"values": [16, 32]}
    made["parameters"]["epochs"] = {"value": EPOCHS}
    early = {"type": "pb2", "perturbation_interval": 1, "quantile_fraction": 0.4}
    return {**made, "early_terminate": early}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, image_dir: Path) -> Ran:
    """A sweep that nothing interrupted, with every trial alone."""
    ran = sweep_here(tmp_path_factory.mktemp("whole"), bandits(image_dir, fuse="off"), "random")
    assert ran.status == 0, ran.err
    return ran


def lost(ran: Ran) -> list[str]:
    return [event["trial"] for event in ran.events("end") if event["state"] == "diverged"]


@pytest.mark.usefixtures("quick_figures")
def test_diverged_trials_are_replaced(whole: Ran, tmp_path: Path) -> None:
    """They go on with the epoch after the exchange, and without those that they lack."""
    rows, history = ResultDir(whole.root).read().trials, history_of(whole.root)
    first, *_ = exchanges_of(whole)
    early = [
        e["trial"] for e in whole.events("end") if e["state"] == "diverged" and e["epoch"] == 1
    ]
    assert early, "else this test shows nothing"
    replaced = {copy["trial"]: copy for copy in first["copies"] if copy["trial"] in early}
    assert set(replaced) == set(early)
    for trial, copy in replaced.items():
        assert copy["score"] is None
        assert trial in first["trials"]
        assert (trial, 1) not in history.index
        assert f"{trial}, which diverged, copies {copy['source']} after" in whole.out + whole.err
        if trial not in lost(whole)[len(early) :]:
            own = history.loc[trial]
            assert list(own.index) == list(range(2, EPOCHS + 1))
            assert own["copied_from"].loc[2] == copy["source"]
            assert rows[trial]["state"] == "completed"
            assert rows[trial]["error"] is None
    assert run_here("show", whole.root, *replaced, cwd=tmp_path).returncode == 0
    assert run_here("report", whole.root, cwd=tmp_path).returncode == 0


def test_settings_lie_within_their_bounds_and_differ(whole: Ran) -> None:
    for event in exchanges_of(whole):
        assert set(event["settings"]) == set(event["trials"])
        rates = [copy["config"]["learning_rate"] for copy in event["copies"]]
        assert len(set(rates)) == len(rates)
        for copy in event["copies"]:
            assert 0.001 <= copy["config"]["learning_rate"] <= 1000.0
            assert 0 <= copy["config"]["momentum"] <= 0.95
            assert copy["config"]["batch_size"] in (16, 32)


def test_fused_trials_are_replaced_too(tmp_path: Path, image_dir: Path, whole: Ran) -> None:
    """Also where the checkpoints of diverged trials are removed as the sweep goes."""
    ran = sweep_here(tmp_path, bandits(image_dir, fuse=3, keep_checkpoints="best"), "random")
    assert ran.status == 0, ran.err
    assert max(event["fused"] for event in ran.events("start")) > 1
    ours, alone = exchanges_of(ran)[0], exchanges_of(whole)[0]
    assert {c["trial"] for c in alone["copies"] if c["score"] is None} <= {
        c["trial"] for c in ours["copies"]
    }
    states = {row["state"] for row in ResultDir(ran.root).read().trials.values()}
    assert states <= {"completed", "diverged"}


def as_it_trains(root: Path) -> bool:
    return len(events(root, "exchange")) == 2


@pytest.mark.slow
def test_killed_it_ends_alike(tmp_path: Path, image_dir: Path, whole: Ran) -> None:
    """What a resumed sweep has learnt, and which trials it replaces, is in its journal."""
    file, out = write_sweep(tmp_path, bandits(image_dir, fuse="off")), tmp_path / "out"
    with driving("sweep", "random", file, "-o", out, cwd=tmp_path) as driver:
        wait_for(lambda: any(map(as_it_trains, out.glob("*"))), driver)
        driver.kill_all()
    root = result_dir(out)
    done = run_here("sweep", "random", "--resume", root, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [(e["epoch"], e["copies"], e["settings"]) for e in events(root, "exchange")] == [
        (e["epoch"], e["copies"], e["settings"]) for e in exchanges_of(whole)
    ]
    pd.testing.assert_frame_equal(history_of(root), history_of(whole.root))
