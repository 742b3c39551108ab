"""Programs that are started before Ray is there, and taken over by another process."""

import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil
import pytest

from tests.programs.test_process import wait_gone
from tests.support.faults import with_word
from tests.support.program_trials import trial_of
from tune_mc1.programs.early import NICE, EarlyPrograms, take_over
from tune_mc1.programs.iterations import Iteration
from tune_mc1.programs.process import Ending, Program
from tune_mc1.programs.run_program import begin_program, run_program


def starts(folder: Path, *codes: str) -> dict[str, Callable[[], Program]]:
    """Starts of programs with these texts, by the trials' ids."""

    def start(code: str) -> Callable[[], Program]:
        line = [sys.executable, "-c", code]
        return lambda: Program(line, folder, dict(os.environ), folder / "log", grace_s=20.0)

    return {f"t{i}": start(code) for i, code in enumerate(codes)}


def until(condition: Callable[[], bool], limit_s: float = 30.0) -> None:
    """Waits until something is so."""
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def running(count: int) -> list[int]:
    """Process ids of so many programs and of their supervisors, once they run."""

    def found() -> list[psutil.Process]:
        supervisors = with_word(psutil.Process().children(), "supervisor.py")
        return [*supervisors, *(c for p in supervisors for c in p.children())]

    until(lambda: len(found()) == 2 * count)
    return [process.pid for process in found()]


WAITS = "import time; time.sleep(300)"


def test_each_place_runs_one_after_the_other_until_the_first_is_asked_for(tmp_path: Path) -> None:
    early = EarlyPrograms(starts(tmp_path, "", "", WAITS, WAITS, WAITS), places=2)
    try:
        until(lambda: len(early.began) == 4)
        address = early.serve(tmp_path)
        ended = take_over(address, "t0")
        assert ended is not None
        assert ended.ending == Ending("exit", 0)
        assert early.began["t0"] < (ended.ended or 0)
        runs = take_over(address, "t2")
        assert runs is not None
        assert runs.wait(0.0) is None
        until(lambda: runs.pid is not None)
        assert psutil.Process(runs.pid).nice() >= NICE
        assert take_over(address, "t2") is None, "it is handed over once"
        runs.stop()
        assert runs.wait(30) == Ending("signal", 15)
        time.sleep(0.2)
        assert len(early.began) == 4, "none is started once one was asked for"
    finally:
        early.close()


def test_those_that_nobody_takes_end(tmp_path: Path) -> None:
    early = EarlyPrograms(starts(tmp_path, WAITS, WAITS), places=2)
    until(lambda: len(early.began) == 2)
    pids = running(2)
    early.close()
    wait_gone(*pids)


def test_those_that_are_passed_over_end(tmp_path: Path) -> None:
    early = EarlyPrograms(starts(tmp_path, WAITS), places=1)
    try:
        until(lambda: len(early.began) == 1)
        pids = running(1)
        assert take_over(early.serve(tmp_path), "t9") is None
        wait_gone(*pids)
    finally:
        early.close()


def test_after_a_bad_end_no_other_is_started(tmp_path: Path) -> None:
    early = EarlyPrograms(starts(tmp_path, "raise SystemExit(2)", ""), places=1)
    try:
        until(lambda: len(early.began) == 1)
        address = early.serve(tmp_path)
        time.sleep(0.5)
        assert list(early.began) == ["t0"]
        failed = take_over(address, "t0")
        assert failed is not None
        assert failed.wait(30) == Ending("exit", 2)
    finally:
        early.close()


def test_without_a_place_to_ask_trials_start_themselves(tmp_path: Path) -> None:
    early = EarlyPrograms(starts(tmp_path, WAITS), places=1)
    assert early.serve(tmp_path / ("long" * 40)) == ""
    assert take_over("", "t0") is None
    early.close()  # once more does nothing


@pytest.mark.parametrize("pause", [0.0, 1.0])
def test_a_trial_has_all_rows_of_a_program_that_was_begun(tmp_path: Path, pause: float) -> None:
    """Those from before it was taken over are not of an earlier attempt."""
    code = f"""
import time, wandb
run = wandb.init()
for acc in (1, 2, 3):
    run.log({{"acc": acc}})
    time.sleep({pause})
"""
    trial = trial_of(tmp_path, code)
    seen: list[float] = []

    def note(rows: Sequence[Iteration]) -> bool:
        seen.extend(row.metrics["acc"] for row in rows)
        return False

    early = EarlyPrograms({"t0": lambda: begin_program(trial)}, places=1)
    try:
        until(lambda: bool(list(tmp_path.glob("results/t0/wandb/*/*.wandb"))))
        time.sleep(0.5)
        begun = take_over(early.serve(tmp_path), "t0")
        assert begun is not None
        outcome = run_program(trial, note, begun=begun)
    finally:
        early.close()
    assert seen == [1, 2, 3]
    assert (outcome.state, outcome.iterations) == ("completed", 3)
