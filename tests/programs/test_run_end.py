"""The file of a run ends as its trial did, and W&B's own reader finds the same rows in it."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.program_sweep import ProgramSweepPlay
from tests.support.wandb_programs import run_offline
from tests.support.wandb_reader import inspect
from tune_mc1.programs.history import HistoryReader
from tune_mc1.programs.run_end import end_run, read_facts
from tune_mc1.programs.trial_run import run_file
from tune_mc1.programs.wandb_log import BLOCK


def summary(file: Path) -> dict[str, Any]:
    return inspect(file, "--summary")[0]


def file_of(sweep: ProgramSweepPlay, trial: str) -> Path:
    file = run_file(sweep.where.program_files(trial))
    assert file is not None
    return file


KILLED = "os.kill(os.getpid(), signal.SIGKILL)"


def test_each_end_of_a_trial(tmp_path: Path) -> None:
    sweep = ProgramSweepPlay(tmp_path)
    sweep.run("t1")
    sweep.run("t2", "time.sleep(60)", report=lambda its: len(its) == 3)
    sweep.run("t3", "raise SystemExit(7)")
    sweep.run("t4", KILLED)
    ends = {
        "t1": ("completed", 0),
        "t2": ("stopped", 0),
        "t3": ("failed", 7),
        "t4": ("failed", 137),
    }
    for trial, (state, code) in ends.items():
        found = summary(file_of(sweep, trial))
        assert (found["summary"]["state"], found["exit_code"]) == (state, code), trial
        assert found["state"] == ("finished" if code == 0 else "failed")
        assert (found["step"], found["summary"]["acc"]) == (2, 0.2)
        assert (found["name"], found["notes"]) == (f"{trial} logs=3", "why")
        assert (found["project"], found["entity"]) == ("digits", "team")
        (run,) = [r["run"] for r in inspect(file_of(sweep, trial)) if r["type"] == "run"]
        assert run["run_group"] == sweep.where.root.name
        assert "sweep_id" not in run


LONG = """
import wandb
run = wandb.init(settings=wandb.Settings(x_disable_stats=True))
for i in range(40):
    run.log({"a": i, "text": "x" * 3001 * (i % 13)})
run.finish()
"""


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    (file,) = run_offline(tmp_path_factory.mktemp("long"), LONG, WANDB_RUN_ID="r")
    return file.read_bytes()


def test_records_over_many_blocks_stay_the_same(tmp_path: Path, long: bytes) -> None:
    file = tmp_path / "run-r.wandb"
    file.write_bytes(long)
    assert len(long) > 5 * BLOCK
    before = inspect(file)
    assert end_run(file, "stopped", 0)
    after = inspect(file)
    assert after[-1]["type"] == "exit"
    kept = [record for record in before if record["type"] != "exit"]
    assert after[: len(kept)] == kept
    assert len(after) == len(kept) + 2
    content = file.read_bytes()
    assert not end_run(file, "stopped", 0)
    assert file.read_bytes() == content
    assert end_run(file, "failed", 1)
    assert (read_facts(file).state, read_facts(file).exit_code) == ("failed", 1)


def test_a_file_cut_anywhere_has_all_whole_rows_before(tmp_path: Path, long: bytes) -> None:
    file = tmp_path / "run-r.wandb"
    seen = set()
    for length in (*range(8, 2000, 61), *range(BLOCK - 20, BLOCK + 20), len(long) // 2, len(long)):
        file.write_bytes(long[:length])
        rows = HistoryReader(file).read()
        changed = end_run(file, "interrupted", 255)
        assert [row.metrics for row in HistoryReader(file).read()] == [row.metrics for row in rows]
        if changed:
            facts = read_facts(file)
            assert (facts.state, facts.exit_code) == ("interrupted", 255)
            assert facts.steps == len(rows) - 1
        else:
            assert file.read_bytes() == long[:length]
        seen.add((changed, len(rows)))
    assert {(True, 0), (False, 0), (True, 40)} <= seen
    file.write_bytes(long[: BLOCK + 1])
    end_run(file, "interrupted", 255)
    assert summary(file)["exit_code"] == 255


TWO = """
import wandb
for part in range(2):
    run = wandb.init()
    for i in range(3):
        run.log({"acc": part + i / 10})
    run.finish()
wandb.init().log({"other": 1})
"""


def test_of_several_runs_the_one_with_the_metric_is_the_trials(tmp_path: Path) -> None:
    sweep = ProgramSweepPlay(tmp_path)
    sweep.run("t1", code=TWO)
    files = [*sweep.where.program_files("t1").glob("wandb/*/run-*.wandb")]
    assert len({f for f in files if not f.parent.is_symlink()}) >= 2
    assert summary(file_of(sweep, "t1"))["summary"]["acc"] == 1.2


def test_the_run_of_the_last_attempt_is_the_trials(tmp_path: Path) -> None:
    sweep = ProgramSweepPlay(tmp_path)
    sweep.run("t1", KILLED)
    first = file_of(sweep, "t1")
    sweep.run("t1")
    assert file_of(sweep, "t1") != first
    assert read_facts(first).exit_code == 137
    assert read_facts(file_of(sweep, "t1")).exit_code == 0


def test_a_program_without_wandb_has_no_run(tmp_path: Path) -> None:
    sweep = ProgramSweepPlay(tmp_path)
    outcome = sweep.run("t1", code="import tune_mc1; tune_mc1.report({'acc': 1})")
    assert outcome.state == "completed"
    assert run_file(sweep.where.program_files("t1")) is None
