"""A sweep of a program that is killed twice, with all that it started, and goes on each time."""

from functools import partial
from pathlib import Path

import pandas as pd

from tests.support.faults import driving, events, reached, result_dir, wait_for, write_sweep
from tests.support.in_process import connected, run_here

PROGRAM = """
import argparse, json, os, time
from pathlib import Path
import tune_mc1

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float)
lr = parser.parse_args().lr
state = Path(os.environ["TUNE_MC1_CHECKPOINT_DIR"], "state.json")
done = json.loads(state.read_text()) if state.exists() else 0
for step in range(done + 1, 7):
    time.sleep(0.2)
    with Path("steps.txt").open("a") as steps:
        steps.write(f"{lr} {step}\\n")
    tune_mc1.report({"acc": lr * step}, step=step)
    state.with_suffix(".new").write_text(json.dumps(step))
    state.with_suffix(".new").rename(state)
"""

SWEEP = {
    "program": "train.py",
    "metric": {"name": "acc", "goal": "maximize"},
    "parameters": {"lr": {"values": [0.1, 0.2, 0.3, 0.4]}},
}

WORDS = ("--max-concurrent", "2", "--wandb", "disabled")


def test_killed_twice_and_resumed_it_has_every_trial(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(PROGRAM)
    out = tmp_path / "out"
    words: list[str | Path] = [write_sweep(tmp_path, SWEEP), "-o", out]

    def as_ray_starts() -> bool:
        log = tmp_path / "steps.txt"
        return log.exists() and len(log.read_text().splitlines()) >= 4

    for moment in (as_ray_starts, partial(reached, out, 14)):
        with driving("sweep", "grid", *words, *WORDS, cwd=tmp_path) as driver:
            wait_for(moment, driver)
            driver.kill_all()
            assert not driver.left_behind()
        words = ["--resume", result_dir(out)]
    connected()
    done = run_here("sweep", "grid", *words, *WORDS, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    root = result_dir(out)
    trials = pd.read_parquet(root / "trials.parquet")
    assert list(trials["state"]) == ["completed"] * 4
    history = pd.read_parquet(root / "history.parquet").sort_values(["trial", "epoch"])
    rows = [
        (r["trial"], r["epoch"], r["step"], round(r["acc"], 9)) for r in history.to_dict("records")
    ]
    assert rows == [
        (f"t000{i}", step, step, round(i * step / 10, 9))
        for i in range(1, 5)
        for step in range(1, 7)
    ]
    assert len(events(root, "resume")) == 2
    steps = (tmp_path / "steps.txt").read_text().splitlines()
    assert len(steps) - len(set(steps)) <= 4, "each cut costs a step at most"
