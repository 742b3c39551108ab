"""Sweeps that are steered while they run: trials stop, more come, more or fewer run at a time."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.support.faults import history
from tests.support.in_process import connected, disconnect, run_here, sweep_here
from tests.support.modules import module_sweep
from tests.support.programs import program_sweep
from tests.support.steered_sweeps import (
    EPOCHS,
    OFF,
    ONE,
    QUICK,
    Steps,
    content,
    run,
    states,
    trials,
)
from tests.support.steering import at_once, reached, steered
from tune_mc1.interruption import Interruption
from tune_mc1.results.steering.marks import BY_REQUEST
from tune_mc1.results.steering.requests import (
    Add,
    Note,
    Pin,
    Resize,
    StopSweep,
    StopTrials,
)


@pytest.fixture(autouse=True)
def no_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep that stops ends its process at a deadline, which here is that of the tests."""
    monkeypatch.setattr(Interruption, "_exit_now", lambda _: None)


def test_a_sweep_is_steered_and_goes_on_as_it_was_steered(tmp_path: Path, image_dir: Path) -> None:
    steps: Steps = [
        (reached("t0001", 1), StopTrials(("t0001", "t0003"))),
        (at_once, StopTrials(("t0003",))),
        (at_once, StopTrials(("t0009",))),
        (at_once, Resize(2)),
        (at_once, Add(2)),
        (at_once, Note("t0001", "looked at")),
        (at_once, Pin("t0002")),
        (reached("t0002", 2), StopSweep()),
    ]
    done = run(tmp_path, content(image_dir, 3), steps, *ONE)
    notes = done.ran.err.splitlines()  # a trial that was stopped at once has learnt nothing
    assert [line for line in notes if "no better than always guessing" not in line] == []
    assert done.lines == [
        "accepted: t0001 stops at the end of its epoch; t0003 will not start",
        "refused: t0003 has ended (stopped)",
        "refused: no trial 't0009', did you mean 't0003'?",
        "accepted: at most 2 run at a time",
        "accepted: 2 settings added: t0004 to t0005",
        "accepted: the note on t0001 is written",
        "accepted: t0002 is pinned",
        "accepted: the sweep stops; what its trials have is kept",
    ]
    root = done.ran.root
    assert done.ran.status == 130
    found = trials(root)
    for trial in ("t0001", "t0003"):
        assert (found[trial]["state"], found[trial]["error"]) == ("stopped", BY_REQUEST)
    first = found["t0001"]
    assert 1 <= first["epochs_run"] < EPOCHS
    assert first["attempts"] == 1
    assert (root / "checkpoints" / "t0001" / "last.ckpt").exists()
    assert set(states(root)) <= {"stopped", "interrupted", "pending", "completed"}
    disconnect()  # a sweep that was stopped leaves processes of its trials to the end of its Ray
    connected()
    again = run_here("sweep", "random", *OFF, "--resume", root, cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert "max_concurrent: 2, as was asked for while it ran" in again.stderr
    assert states(root) == ["stopped", "completed", "stopped", "completed", "completed"]
    assert trials(root)["t0001"]["epochs_run"] == first["epochs_run"], "does not run again"
    shown = run_here("show", root, "t0001", cwd=tmp_path)
    assert "looked at" in shown.stdout
    assert BY_REQUEST in shown.stdout
    assert not (root / "requests").exists()
    asked = run_here("stop", root, "t0002", cwd=tmp_path)
    assert asked.returncode == 2
    assert "no sweep runs here" in asked.stderr
    assert "it has finished" in asked.stderr
    _runs_again(tmp_path, root)
    sweep = content(image_dir, 5)
    sweep["parameters"]["model"] = {"value": QUICK}
    whole = sweep_here(_folder(tmp_path), sweep, "random", *OFF)
    pd.testing.assert_frame_equal(history(root), history(whole.root), check_exact=True)


def _folder(parent: Path) -> Path:
    (parent / "whole").mkdir()
    return parent / "whole"


def _runs_again(folder: Path, root: Path) -> None:
    """A trial that was stopped runs again if that is asked for, from its checkpoint."""
    words = ("--rerun", "t0001", "--rerun", "t0003")
    again = run_here("sweep", "random", *OFF, *words, "--resume", root, cwd=folder)
    assert again.returncode == 0, again.stderr
    assert "trials run again (--rerun): t0001, t0003" in again.stderr
    assert set(states(root)) == {"completed"}


def test_a_trial_of_a_group_stops_and_the_others_go_on(tmp_path: Path, image_dir: Path) -> None:
    sweep = content(image_dir, 3, fuse=3)
    done = run(tmp_path, sweep, [(reached("t0002", 1), StopTrials(("t0002",)))], *OFF)
    assert done.ran.status == 0, done.ran.err
    assert done.lines == ["accepted: t0002 stops at the end of its epoch"]
    found = trials(done.ran.root)
    assert states(done.ran.root) == ["completed", "stopped", "completed"]
    assert found["t0002"]["epochs_run"] < EPOCHS
    assert [row["attempts"] for row in found.values()] == [1] * 3, "the group goes on as it is"
    rows = history(done.ran.root)
    assert (rows["trial"] == "t0002").sum() == found["t0002"]["epochs_run"]


@pytest.mark.parametrize("early", [None, {"type": "asha", "min_iter": 50, "eta": 2}])
def test_a_program_gets_sigterm(tmp_path: Path, early: Any) -> None:
    keys: dict[str, Any] = {
        "parameters": {
            "lr": {"values": [0.1, 0.2]},
            "steps": {"value": 400},
            "pause": {"value": 0.1},
        },
        **({"early_terminate": early} if early else {}),
    }
    steps: Steps = [
        (reached("t0001", 2), StopTrials(("t0001", "t0002"))),
        (at_once, Add(1)),
    ]
    done = steered(
        tmp_path / "out",
        lambda: program_sweep(tmp_path, "grid", "--max-concurrent", "1", **keys),
        steps,
    )
    assert done.ran.status == 0, done.ran.err
    assert done.lines[0] == "accepted: t0001 is told to end (SIGTERM); t0002 will not start"
    assert done.lines[1].startswith("refused: ")
    found = trials(done.ran.root)
    assert states(done.ran.root) == ["stopped"] * 2
    assert [row["error"] for row in found.values()] == [BY_REQUEST] * 2
    assert 2 <= found["t0001"]["epochs_run"] < 400


def test_a_silent_program_stops_too(tmp_path: Path) -> None:
    code = "import time\nprint('begins', flush=True)\ntime.sleep(300)\n"
    keys: dict[str, Any] = {"parameters": {"x": {"value": 1}}}

    def started(events: list[dict[str, Any]]) -> bool:
        return any(event["event"] == "start" for event in events)

    done = steered(
        tmp_path / "out",
        lambda: program_sweep(tmp_path, "grid", code=code, **keys),
        [(started, StopTrials(("t0001",)))],
    )
    assert done.ran.status == 0, done.ran.err
    assert states(done.ran.root) == ["stopped"]


def test_a_module_stops(tmp_path: Path) -> None:
    keys: dict[str, Any] = {
        "parameters": {"lr": {"values": [0.1, 0.3]}},
        "trainer": {"max_epochs": 500},
    }
    done = steered(
        tmp_path / "out",
        lambda: module_sweep(tmp_path, "grid", "--max-concurrent", "1", **keys),
        [(reached("t0001", 1), StopTrials(("t0001",))), (reached("t0002", 1), StopSweep())],
    )
    assert done.lines[0] == "accepted: t0001 stops after its next validation"
    assert states(done.ran.root) == ["stopped", "interrupted"]
    assert trials(done.ran.root)["t0001"]["error"] == BY_REQUEST
    disconnect()
