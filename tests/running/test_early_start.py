"""Programs that run while Ray starts, in a sweep as the command runs it."""

import signal
from pathlib import Path

import pandas as pd
import pytest

from tests.support.faults import driving, events, interrupt, result_dir, wait_for, write_sweep
from tests.support.in_process import connected, run_here
from tune_mc1.running import early_start

PROGRAM = """
import argparse, os, time
import tune_mc1

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float)
lr = parser.parse_args().lr
with open("begun.txt", "a") as file:
    file.write(f"{lr} {'RAY_JOB_ID' in os.environ}\\n")
for step in range(3):
    time.sleep(0.2)
    tune_mc1.report({"acc": lr * step}, step=step)
"""

SWEEP = {
    "program": "train.py",
    "metric": {"name": "acc", "goal": "maximize"},
    "parameters": {"lr": {"values": [0.125, 0.25, 0.5]}},
    "max_failures": 0,
    "resources": {"cpu": 1},
}


def begun(folder: Path) -> list[str]:
    """Which programs began, and whether a process of Ray started them."""
    file = folder / "begun.txt"
    return file.read_text().splitlines() if file.exists() else []


def test_first_programs_run_while_ray_starts(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(PROGRAM)
    words: list[str | Path] = [
        write_sweep(tmp_path, SWEEP),
        "-o",
        tmp_path / "out",
        "--wandb",
        "disabled",
    ]
    with driving("sweep", "grid", *words, "--max-concurrent", "1", cwd=tmp_path) as driver:
        assert driver.wait() == 0, driver.err
        assert not driver.left_behind()
    assert begun(tmp_path)[0] == "0.125 False"
    assert [line.split()[0] for line in begun(tmp_path)] == ["0.125", "0.25", "0.5"]
    root = result_dir(tmp_path / "out")
    trials = pd.read_parquet(root / "trials.parquet")
    assert list(trials["state"]) == ["completed"] * 3
    assert list(trials["attempts"]) == [1] * 3
    history = pd.read_parquet(root / "history.parquet").sort_values(["trial", "epoch"])
    assert list(history["acc"]) == [lr * step for lr in (0.125, 0.25, 0.5) for step in range(3)]
    (first, second, *_), (end, *_) = events(root, "start"), events(root, "end")
    times = [row["time"] for row in events(root, "epoch") if row["trial"] == "t0001"]
    assert first["time"] < min(times) < max(times) < end["time"] < second["time"]


def test_those_that_an_interrupted_start_leaves_are_run_again(tmp_path: Path) -> None:
    slow = PROGRAM.replace("time.sleep(0.2)", "time.sleep(300 if not os.path.exists('go') else 0)")
    (tmp_path / "train.py").write_text(slow)
    words: list[str | Path] = [
        write_sweep(tmp_path, SWEEP),
        "-o",
        tmp_path / "out",
        "--wandb",
        "disabled",
    ]
    with driving("sweep", "grid", *words, "--max-concurrent", "2", cwd=tmp_path) as driver:
        wait_for(lambda: len(begun(tmp_path)) == 2, driver)
        driver.family()
        interrupt(driver, signal.SIGTERM)
        assert driver.wait() == 130, driver.err
        assert not driver.left_behind()
    root = result_dir(tmp_path / "out")
    (tmp_path / "go").touch()
    connected()
    done = run_here("sweep", "grid", "--resume", root, "--wandb", "disabled", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    trials = pd.read_parquet(root / "trials.parquet")
    assert list(trials["state"]) == ["completed"] * 3
    assert list(trials["epochs_run"]) == [3] * 3
    assert len(events(root, "end")) >= 3


@pytest.mark.parametrize(
    ("text", "cores"), [("150000 100000\n", 1.5), ("max 100000\n", 64.0)], ids=["quota", "none"]
)
def test_cores_of_a_container(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, cores: float
) -> None:
    file = tmp_path / "cpu.max"
    file.write_text(text)
    monkeypatch.setattr(early_start, "_QUOTA", str(file))
    monkeypatch.setattr("os.cpu_count", lambda: 64)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(64)))
    assert early_start.available_cores() == cores
