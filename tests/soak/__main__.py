"""Runs a sweep of many short trials while its processes are killed, and compares it to a quiet one.

    python -m tests.soak --seconds 900 --seed 0
    python -m tests.soak --programs --seconds 600

For so many seconds faults come on a seeded schedule, and the sweep is resumed whenever it ends; a
complete one is followed by another. What then runs is left in peace until it is complete too.
"""

import argparse
import math
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import psutil

from tests.conftest import write_images
from tests.soak.schedule import HANG_S, Schedule
from tests.support.faults import Driver, events, history, result_dir, trials, write_sweep
from tests.support.faults import epochs as reported
from tests.support.programs import LEARNS

WORDS = ("--wandb", "disabled")


@dataclass
class Outcome:
    """What came of sweeps under fire.

    Attributes:
        schedule: Injects the faults, and counts them.
        sweeps: How many were run.
        runs: Times that the command was started for them.
        repeated: Epochs that ran again after they were reported.
        again: Starts of a trial beyond its first; each repeats the epoch that was cut, if any.
        epochs: Epochs of all trials.
        lost: Trials that have not the state that they have in the quiet run.
        differences: What else differs.
        leftovers: Processes that outlived a run which ended itself.
        orphans: Processes of runs whose driver was killed.
    """

    schedule: Schedule
    sweeps: int = 0
    runs: int = 0
    repeated: int = 0
    again: int = 0
    epochs: int = 0
    lost: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    leftovers: list[str] = field(default_factory=list)
    orphans: list[psutil.Process] = field(default_factory=list)


def content(images: Path, count: int, epochs: int) -> dict[str, Any]:
    """A sweep of short trials of a small model; none is stopped, so no order matters."""
    return {
        "method": "random",
        "parameters": {
            "model": {"value": "CNN_simple"},
            "learning_rate": {"distribution": "log_uniform_values", "min": 1e-4, "max": 0.3},
            "epochs": {"value": epochs},
        },
        "run_cap": count,
        "data": str(images),
        "fuse": "off",
        "max_failures": 1000,
        "trial_timeout": HANG_S,
    }


def program_content(folder: Path, count: int, epochs: int) -> dict[str, Any]:
    """A sweep of short trials of a program that keeps its state."""
    program = folder / "train.py"
    program.write_text(LEARNS)
    return {
        "method": "random",
        "program": str(program),
        "metric": {"name": "val/acc", "goal": "maximize"},
        "parameters": {
            "lr": {"min": 0.0, "max": 0.5},
            "steps": {"value": epochs},
            "pause": {"value": 0.3},
        },
        "run_cap": count,
        "max_failures": 1000,
        "trial_timeout": HANG_S,
    }


def run_to_end(file: Path, folder: Path) -> Path:
    """The quiet run."""
    driver = Driver("sweep", "random", file, "-o", folder / "out", *WORDS, cwd=folder)
    status = driver.wait(3600)
    assert status == 0, driver.err
    return result_dir(folder / "out")


def run_under_fire(file: Path, folder: Path, until: float, outcome: Outcome) -> Path:
    """Runs, disturbs and resumes a sweep until it is complete."""
    out = folder / "out"
    for attempt in range(1, 1000):
        known = [path for path in out.glob("*") if (path / "journal.jsonl").exists()]
        where: list[str | Path] = ["--resume", known[0]] if known else [file, "-o", out]
        driver = Driver("sweep", "random", *where, *WORDS, cwd=folder)
        outcome.runs += 1
        try:
            outcome.schedule.disturb(driver, until, partial(reported, out))
            status = driver.wait(3600)
        finally:
            driver.end()
        if status >= 0:
            outcome.leftovers += [f"{words} of run {attempt}" for words in driver.left_behind()]
        outcome.orphans += driver.alive()
        print(f"run {attempt}: status {status}, {reported(out)} epochs", flush=True)
        if status == 0:
            return result_dir(out)
        if "Traceback" in driver.err or status == 2:
            outcome.differences.append(f"run {attempt} ended with {status}: {driver.err}")
            return result_dir(out)
    raise AssertionError("the sweep came to no end")


def compare(root: Path, quiet: Path, outcome: Outcome) -> None:
    """Notes every difference to the quiet run."""
    rows = Counter((e["trial"], e["epoch"]) for e in events(root, "epoch"))
    said = {(e["trial"], e["epoch"], e["seconds"]) for e in events(root, "epoch")}
    outcome.epochs += len(rows)
    outcome.again += len(events(root, "start")) - len(trials(root))
    outcome.repeated += len(said) - len(rows)
    table, wanted = trials(root), trials(quiet)
    states = dict(zip(table["trial"], table["state"], strict=True))
    outcome.lost += [
        f"{row.trial} is {states.get(row.trial)}, should be {row.state}"
        for row in wanted.itertuples()
        if states.get(row.trial) != row.state
    ]
    for name, mine, other in (
        ("history", history(root), history(quiet)),
        ("trials", table, wanted),
    ):
        try:
            pd.testing.assert_frame_equal(mine, other, check_exact=True)
        except AssertionError as error:
            outcome.differences.append(f"{name}: {error}")
    if table["trial"].duplicated().any() or history(root).duplicated(["trial", "epoch"]).any():
        outcome.differences.append("rows stand twice")


def report(outcome: Outcome, seconds: float) -> None:
    """Prints the figures."""
    faults = outcome.schedule.injected
    print(
        f"{outcome.sweeps} sweeps, {outcome.runs} runs, {seconds:.0f} s, {faults.total()} faults:"
    )
    for kind, count in sorted(faults.items()):
        print(f"  {count:4d} {kind}")
    print(f"trials lost: {len(outcome.lost)}", *outcome.lost[:20], sep="\n  ")
    print(f"epochs: {outcome.epochs}, reported ones that ran again: {outcome.repeated}")
    print(f"trials started again: {outcome.again}, each in the epoch in which it was cut")
    print(f"differences: {len(outcome.differences)}", *outcome.differences[:5], sep="\n  ")
    print(f"processes left behind: {len(outcome.leftovers)}", *outcome.leftovers, sep="\n  ")


def main() -> int:
    """Runs the soak; the status is 0 if nothing was lost and nothing differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=900, help="time under fire")
    parser.add_argument("--faults", type=float, default=math.inf, help="most, then it ends")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--programs", action="store_true", help="trials of a program")
    parser.add_argument("--folder", type=Path, help="new; a temporary one by default")
    options = parser.parse_args()
    folder = (options.folder or Path(tempfile.mkdtemp())).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    if options.programs:
        sweep = program_content(folder, options.trials, options.epochs)
    else:
        write_images(folder / "images", train=320, test=100)
        sweep = content(folder / "images", options.trials, options.epochs)
    quiet = run_to_end(write_sweep(folder / "quiet", sweep), folder / "quiet")
    print(f"the quiet run is over: {reported(quiet.parent)} epochs", flush=True)
    began = time.monotonic()
    outcome = Outcome(Schedule(options.seed, options.faults))
    while time.monotonic() < began + options.seconds and not outcome.schedule.done:
        outcome.sweeps += 1
        here = folder / f"fire-{outcome.sweeps}"
        file = write_sweep(here, sweep)
        compare(run_under_fire(file, here, began + options.seconds, outcome), quiet, outcome)
    spent = time.monotonic() - began
    _, alive = psutil.wait_procs(outcome.orphans, timeout=180)
    outcome.leftovers += [f"{process.pid} of a run that was killed" for process in alive]
    report(outcome, spent)
    return 1 if outcome.lost or outcome.differences or outcome.leftovers else 0


if __name__ == "__main__":
    sys.exit(main())
