"""What a sweep of a program costs: the driver's CPU a trial, a logging program's speed, and delays.

The program logs a hundred times a second, by W&B alone (offline) and in a sweep of one trial, in
turns. The delay is that of a live table on a pseudo-terminal: from the program's log of a value
until the value is on the screen.
"""

import os
import pty
import re
import select
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import ray

from tests.benchmarks.common import Figure, alternate, parser, publish, ratios
from tests.benchmarks.driver import bare, start_ray
from tests.support.in_process import run_here

SHORT = """
import argparse, tune_mc1
parser = argparse.ArgumentParser()
parser.add_argument("--lr")
parser.parse_args()
for epoch in range(5):
    tune_mc1.report({"acc": epoch})
"""

LOGS = """
import argparse, time, numpy, wandb
parser = argparse.ArgumentParser()
parser.add_argument("--lr")
parser.parse_args()
run = wandb.init(project="benchmark")
values = numpy.random.default_rng(0).normal(size=(400, 400))
began, cpu = time.perf_counter(), time.process_time()
for step in range(400):
    until = time.thread_time() + 0.01
    while time.thread_time() < until:
        values @ values
    run.log({"acc": step, "loss": 1 / (step + 1)})
print("speed", 400 / (time.perf_counter() - began), 400 / (time.process_time() - cpu), flush=True)
"""

TELLS = """
import argparse, time, wandb
parser = argparse.ArgumentParser()
parser.add_argument("--lr")
parser.parse_args()
run = wandb.init(project="benchmark")
for step in range(24):
    value = 0.1001 + step / 10_000
    with open("said.txt", "a") as file:
        file.write(f"{value:.4f} {time.time()}\\n")
    run.log({"acc": value})
    time.sleep(0.8 + 0.037 * (step % 7))
"""

ALONE = {"OMP_NUM_THREADS": "1", "WANDB_SILENT": "true"}


def write(folder: Path, code: str, trials: int) -> list[str | Path]:
    """Writes a program and its sweep file; returns the words of the command."""
    (folder / "train.py").write_text(code)
    rates = ", ".join(f"{i / 1000}" for i in range(trials))
    goal = "metric: {name: acc, goal: maximize}"
    file = folder / "sweep.yaml"
    file.write_text(f"program: train.py\n{goal}\nparameters: {{lr: {{values: [{rates}]}}}}\n")
    out = tempfile.mkdtemp(dir=folder)
    return ["sweep", "grid", file, "-o", out, "--wandb", "disabled"]


def run_sweep(code: str, trials: int) -> tuple[float, str]:
    """CPU-seconds of this process for a sweep on its Ray, and the log of its first trial."""
    with tempfile.TemporaryDirectory() as name:
        words = write(Path(name), code, trials)
        began = time.process_time()
        done = run_here(*words, cwd=Path(name), **ALONE)
        spent = time.process_time() - began
        assert done.returncode == 0, done.stderr
        (log,) = Path(name).glob("*/*/logs/t0001.log")
        return spent, log.read_text()


def speed(text: str) -> tuple[float, float]:
    """Logs a second of time, and of CPU time, that a program has printed."""
    found = re.search(r"^speed (\S+) (\S+)$", text, re.MULTILINE)
    assert found is not None, text
    return float(found[1]), float(found[2])


def by_wandb_alone() -> str:
    """Output of the logging program without a sweep."""
    with tempfile.TemporaryDirectory() as name:
        write(Path(name), LOGS, 1)
        env = os.environ | ALONE | {"WANDB_MODE": "offline", "WANDB_DIR": name}
        words = [sys.executable, "train.py"]
        return subprocess.run(
            words, cwd=name, env=env, check=True, capture_output=True, text=True
        ).stdout


def speeds(runs: int) -> tuple[list[float], list[float]]:
    """Speed in a sweep relative to W&B alone, a round each: by time, and by CPU time."""
    by_time, by_cpu = [], []
    sides: dict[str, Callable[[], str]] = {
        "alone": by_wandb_alone,
        "sweep": lambda: run_sweep(LOGS, 1)[1],
    }
    for round_ in range(runs):
        order = list(sides) if round_ % 2 else list(reversed(sides))
        seen = {name: speed(sides[name]()) for name in order}
        print(f"run {round_ + 1}: logs a second {seen}", flush=True)
        by_time.append(seen["sweep"][0] / seen["alone"][0])
        by_cpu.append(seen["sweep"][1] / seen["alone"][1])
    return by_time, by_cpu


def delays() -> list[float]:
    """Seconds until each value is on the screen."""
    with tempfile.TemporaryDirectory() as name:
        words = write(Path(name), TELLS, 1)
        seen = on_screen([sys.executable, "-m", "tune_mc1", *map(str, words)], Path(name))
        said = [line.split() for line in (Path(name) / "said.txt").read_text().splitlines()]
        return [seen[value] - float(when) for value, when in said if value in seen]


def on_screen(words: list[str], folder: Path) -> Mapping[str, float]:
    """When each value was first seen on the terminal of a command."""
    ours, its = pty.openpty()
    env = os.environ | {"COLUMNS": "120", "LINES": "40", "TERM": "xterm"}
    process = subprocess.Popen(
        words, cwd=folder, env=env, stdin=its, stdout=its, stderr=its, start_new_session=True
    )
    os.close(its)
    seen: dict[str, float] = {}
    while process.poll() is None:
        if select.select([ours], [], [], 0.1)[0]:
            try:
                text = os.read(ours, 65536).decode(errors="replace")
            except OSError:  # the command has ended
                break
            for value in re.findall(r"0\.1\d\d\d\b", text):
                seen.setdefault(value, time.time())
    process.wait()
    os.close(ours)
    return seen


def main() -> None:
    """Runs the benchmark."""
    made = parser(__doc__, runs=5)
    made.add_argument("--trials", type=int, default=60, help="trials for the driver's CPU")
    args = made.parse_args()
    start_ray()
    sides = {
        "program": lambda: run_sweep(SHORT, args.trials)[0] / args.trials * 1e3,
        "bare": lambda: bare(args.trials),
    }
    cost = alternate(sides, args.runs)
    by_time, by_cpu = speeds(args.runs)
    ray.shutdown()
    waits = delays()
    more = [a - b for a, b in zip(cost["program"], cost["bare"], strict=True)]
    figures = [
        Figure("driver's CPU a trial, more than bare Tune", more, "ms", "<= 10"),
        Figure("driver's CPU a trial, in all", cost["program"], "ms"),
        Figure("the same over bare Tune's", ratios(cost["program"], cost["bare"])),
        Figure("speed of a program that logs, over W&B alone", by_time, "", ">= 0.98"),
        Figure("the same by its CPU time", by_cpu, "", ">= 0.98"),
        Figure("from a log to the live table", waits, "s", "<= 0.5"),
        Figure("nine of ten within", [statistics.quantiles(waits, n=10)[-1]], "s", "<= 0.5"),
    ]
    publish(figures, args.json, trials=args.trials, logs=len(waits))


if __name__ == "__main__":
    main()
