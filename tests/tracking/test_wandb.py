"""Every epoch of every trial reaches W&B's own files, and W&B's failures reach nobody else."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.played_sweep import RATES, RUN_IDS, Run, Sweep, wait_until_gone
from tune_mc1.config.metrics import epoch_metrics
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.trial import TrialConfig
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.head import sweep_event
from tune_mc1.tracking.wandb.one_run import run_id
from tune_mc1.tracking.wandb.sent import sync_command


@pytest.fixture
def sweep(tmp_path: Path) -> Iterator[Sweep]:
    sweep = Sweep(tmp_path)
    yield sweep
    sweep.let_go()
    sweep.mirror.finish(0)  # no process stays if the test failed


def test_offline_sweep_leaves_one_whole_file_a_trial(sweep: Sweep) -> None:
    sweep.mirror.start()
    sweep.start(*RATES)
    for epoch in range(1, 6):
        for trial in RATES:
            if trial != "t0003" or epoch < 3:
                sweep.epoch(trial, epoch, **({"train_f1": None} if epoch == 2 else {}))
    for trial, state in zip(RATES, ("failed", "completed", "stopped", "completed"), strict=True):
        sweep.end(trial, state)
    sweep.score("t0004")
    sweep.close()

    assert sweep.notices == []
    command = sync_command(sweep.where)
    assert sweep.offline == [f"W&B: 4 runs are recorded offline. {command} uploads them."]
    assert len(list(sweep.where.root.rglob("*.wandb"))) == len(RATES)
    for trial in RATES:
        run = Run(sweep.where, trial)
        rows = [r for (t, _), r in sweep.writer.tables.history.items() if t == trial]
        logged = [
            {k: row[k] for k in ("epoch", *epoch_metrics()) if k in row} for row in run.history
        ]
        assert logged == [
            {k: row[k] for k in ("epoch", *epoch_metrics()) if row[k] is not None} for row in rows
        ]
        assert [row["_step"] for row in run.history] == [row["epoch"] for row in rows]
        assert run.facts["exit_code"] == (1 if trial == "t0001" else 0)
        table = sweep.writer.tables.trials[trial]
        for name in ("state", "best_epoch", "best_val_acc", "best_val_loss", "node"):
            assert run.facts["summary"][name] == table[name]
        assert run.facts["summary"]["device_name"] == "cpu"  # `auto` is its parameter `device`
        assert "device" not in run.facts["summary"]
        assert ("test_acc" in run.facts["summary"]) == (trial == "t0004")
    assert run.facts["summary"]["test_acc"] == 0.5
    assert run.facts["summary"]["val_acc"] == rows[-1]["val_acc"]
    config = TrialConfig(learning_rate=RATES[trial])
    assert run.facts["config"] == config.model_dump() | {
        "trial": "t0004",
        "fold": 3,
        "data": "shapes10",
        "fingerprint": "f00",
        "config_hash": config.config_hash,
    }
    assert (run.facts["name"], run.facts["notes"]) == ("t0004 learning_rate=0.04", "why")
    assert (run.head["run_group"], run.head["job_type"]) == ("first name", "trial")
    assert (run.head["project"], run.head["run_id"][-6:]) == ("cifar", "-t0004")
    words = [sweep.writer.tables.metadata.get(key) for key in ("name", "method")]
    assert run.head["tags"] == [tag for tag in (*words, "shapes10") if tag]


def test_a_trial_that_copies_another_has_its_settings(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path, changing=["learning_rate"])
    sweep.mirror.start()
    sweep.start("t0001", "t0002")
    sweep.epoch("t0001", 1)
    config = TrialConfig(learning_rate=0.5)
    copy: Any = {"trial": "t0001", "source": "t0002", "score": 0.1, "source_score": 0.2}
    copy |= {"config": config.values, "config_hash": "abc"}
    trials = ["t0001", "t0002"]
    sweep.writer.write({"event": "exchange", "epoch": 1, "trials": trials, "copies": [copy]})
    sweep.epoch("t0001", 2)
    sweep.end("t0001")
    sweep.close()
    assert sweep.notices == []
    run = Run(sweep.where, "t0001")
    assert run.epochs == [1, 2]
    assert run.facts["config"]["learning_rate"] == 0.5
    assert run.facts["config"]["config_hash"] == "abc"


def test_trial_that_starts_again_still_has_one_file(sweep: Sweep) -> None:
    sweep.mirror.start()
    sweep.start("t0001", "t0002")
    for trial in ("t0001", "t0002"):
        sweep.epoch(trial, 1)
        sweep.epoch(trial, 2)
    sweep.end("t0002", "failed")  # t0001 lost its worker without a word
    sweep.epoch("t0001", 3)
    sweep.end("t0001")
    time.sleep(2)  # both runs are finished or held by now
    sweep.start("t0001", "t0002")
    for epoch in (2, 3, 4):
        sweep.epoch("t0001", epoch)
        sweep.epoch("t0002", epoch)
    sweep.end("t0001")
    sweep.end("t0002")
    sweep.close()
    assert sweep.notices == []
    assert Run(sweep.where, "t0001").epochs == [1, 2, 3, 4]
    assert Run(sweep.where, "t0002").epochs == [1, 2, 3, 4]


def test_resumed_sweep_completes_its_files(sweep: Sweep) -> None:
    sweep.mirror.start()
    sweep.start("t0001", "t0002", "t0003")
    for trial, state in (("t0001", "completed"), ("t0002", "completed"), ("t0003", "interrupted")):
        sweep.epoch(trial, 1, val_acc=0.9 if trial == "t0001" else 0.1)
        sweep.end(trial, state)
    sweep.close()
    untouched = Run(sweep.where, "t0002").file.stat()
    assert Run(sweep.where, "t0003").facts["exit_code"] == 255

    sweep.begin()
    sweep.writer.tables = sweep.where.read()
    sweep.mirror.start()
    sweep.start("t0003")
    sweep.epoch("t0003", 2)
    sweep.end("t0003")
    sweep.score("t0001")
    sweep.close()
    assert sweep.notices == []
    assert Run(sweep.where, "t0003").epochs == [1, 2]
    winner = Run(sweep.where, "t0001")
    assert (winner.epochs, winner.facts["summary"]["test_acc"]) == ([1], 0.5)
    assert Run(sweep.where, "t0002").file.stat() == untouched


def wait_until_recorded(sweep: Sweep) -> None:
    """Until the process records runs: one that still imports its libraries heeds every signal."""
    deadline = time.monotonic() + 60
    while len(list(sweep.where.wandb.rglob("*.wandb"))) < 2:
        assert time.monotonic() < deadline, sweep.where.log("wandb").read_text()
        time.sleep(0.1)


def test_killed_sweep_leaves_whole_files(sweep: Sweep) -> None:
    code = (
        "import pathlib, sys, time; from tune_mc1.results.directory import ResultDir;"
        "from tune_mc1.tracking.wandb.mirror import WandbMirror;"
        "m = WandbMirror(ResultDir(pathlib.Path(sys.argv[1])), 'offline', print);"
        "m.start(); print(m._process.pid, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(sweep.where.root)]
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=env) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        sweep.start("t0001", "t0002")
        sweep.epoch("t0001", 1)
        sweep.end("t0001")
        wait_until_recorded(sweep)
        os.killpg(child, signal.SIGINT)  # must not matter
        sweep.epoch("t0002", 1)
        parent.kill()
        sweep.epoch("t0002", 2)  # on the disk, not yet read
    wait_until_gone(child)
    assert not sweep.where.log("wandb").read_text()
    cut, ended = Run(sweep.where, "t0002"), Run(sweep.where, "t0001")
    assert (cut.epochs[:1], cut.facts["exit_code"], cut.facts["state"]) == ([1], 255, "failed")
    assert (ended.epochs, ended.facts["exit_code"]) == ([1], 0)


def test_ids_outlive_a_new_name_of_the_directory(tmp_path: Path) -> None:
    """Two sweeps of one name and second have ids of their own; earlier versions used the name."""
    here = ResultDir(tmp_path / "my sweep-20261127-120000")
    moved = ResultDir(tmp_path / "moved")
    head = {"id": RUN_IDS}
    assert run_id(here, head, "t0001") == run_id(moved, head, "t0001") == f"{RUN_IDS}-t0001"
    assert run_id(here, {}, "t0001") == "my_sweep-20261127-120000-t0001"
    program = ProgramSweep(program="x.py", directory=str(tmp_path))
    events = [sweep_event(program, None, group="my sweep") for _ in range(2)]
    assert events[0]["id"] != events[1]["id"]
