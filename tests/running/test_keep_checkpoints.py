"""Checkpoints that go as the sweep goes: whose, in the directory and in an object store."""

from pathlib import Path
from typing import Literal

from tests.support.object_store import serving_all
from tests.support.played_sweep import RATES, Sweep
from tune_mc1.config.sweep import Sweep as PlannedSweep
from tune_mc1.planning.past import read_past
from tune_mc1.results.events import pause_event
from tune_mc1.results.store.remote import Remote
from tune_mc1.running.callbacks.keep import CheckpointKeeper
from tune_mc1.running.nothing_left import is_scored, unscorable_line


def played(tmp_path: Path, remote: Remote | None = None) -> Sweep:
    """Four trials that run, each with a checkpoint; a higher number scores better."""
    sweep = Sweep(tmp_path)
    sweep.start(*RATES)
    for trial in RATES:
        sweep.epoch(trial, 1)
        folder = sweep.where.checkpoints(trial)
        folder.mkdir()
        (folder / "last.ckpt").write_bytes(b"state")
        if remote is not None:
            remote.child(f"checkpoints/{trial}").put(folder / "last.ckpt", "last.ckpt")
    return sweep


def keeper(
    sweep: Sweep, keep: Literal["best", "none"], remote: Remote | None = None
) -> CheckpointKeeper:
    writer = sweep.writer
    return CheckpointKeeper(keep, writer, remote, read_past(sweep.where).removed, sweep.hear)


def left(sweep: Sweep) -> set[str]:
    return {path.name for path in sweep.where.checkpoints("").iterdir()}


def test_only_trials_that_cannot_win_lose_theirs(tmp_path: Path) -> None:
    sweep = played(tmp_path)
    keep = keeper(sweep, "best")
    keep.tidy()
    assert left(sweep) == set(RATES), "all run"
    sweep.end("t0003")
    keep.tidy()
    assert left(sweep) == set(RATES), "the best of those that have ended"
    sweep.writer.write(pause_event("t0001"))
    sweep.end("t0002", "stopped")
    keep.tidy()
    assert left(sweep) == {"t0001", "t0003", "t0004"}
    sweep.end("t0004", "interrupted")
    keep.tidy()
    assert left(sweep) == {"t0001", "t0003", "t0004"}, "it goes on when the sweep is resumed"
    sweep.end("t0004")
    sweep.end("t0001", "stopped")
    keep.finish()
    assert left(sweep) == {"t0004"}
    assert read_past(sweep.where).removed == {"t0001", "t0002", "t0003"}


def test_none_are_left_at_the_end(tmp_path: Path) -> None:
    sweep = played(tmp_path)
    keep = keeper(sweep, "none")
    for trial in RATES:
        sweep.end(trial)
    keep.tidy()
    assert left(sweep) == {"t0004"}, "it is still to be scored"
    keep.finish()
    assert left(sweep) == set()


def test_those_in_a_store_go_too_also_after_a_kill(tmp_path: Path) -> None:
    with serving_all() as store:
        remote = Remote("s3://sweeps/keep")
        sweep = played(tmp_path, remote)
        sweep.end("t0001")
        sweep.end("t0002")
        # killed once the journal said so, before any file was removed
        sweep.writer.write({"event": "removed", "trial": "t0001"})
        keep = keeper(sweep, "best", remote)
        keep.finish()
        names = {f"keep/checkpoints/{trial}/last.ckpt" for trial in ("t0002", "t0003", "t0004")}
        kept = {name for name in store.names() if name.startswith("keep/checkpoints/")}
        assert {name for name in kept if not name.endswith("/")} == names
        assert left(sweep) == {"t0002", "t0003", "t0004"}
        assert sweep.notices == []


def test_a_failed_trial_keeps_its_own_as_it_may_run_again(tmp_path: Path) -> None:
    sweep = played(tmp_path)
    keep = keeper(sweep, "best")
    for trial, state in zip(RATES, ("failed", "diverged", "stopped", "completed"), strict=True):
        sweep.end(trial, state)
    keep.finish()
    assert left(sweep) == {"t0001", "t0004"}


def test_a_winner_without_its_checkpoint_is_no_reason_to_start_anything(tmp_path: Path) -> None:
    """It was out of the race, until the mean of the other setting changed as the sweep grew."""
    sweep, winner = played(tmp_path), "t0004"
    for trial in RATES:
        sweep.end(trial)
    tables, at = sweep.writer.tables, sweep.where
    plan = PlannedSweep.model_validate({"method": "grid", "parameters": {}})
    assert not is_scored(plan, tables, at, {"t0001"})
    assert unscorable_line(plan, tables, {"t0001"}) is None
    assert is_scored(plan, tables, at, {winner})
    line = unscorable_line(plan, tables, {winner})
    assert line is not None
    assert line.startswith("no test score of t0004, now the best: keep_checkpoints removed")
    sweep.score(winner)
    assert unscorable_line(plan, tables, {winner}) is None
    assert not is_scored(plan, tables, at, {winner}), "its predictions are not there"
