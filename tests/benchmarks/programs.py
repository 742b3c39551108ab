"""Runs of a program that trains for three seconds, two at once: a sweep against `xargs -P 2`.

The start of Ray counts. Beside the ratio stands what a sweep takes before its first trial starts,
and between the end of a trial and the start of the next one.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.common import Figure, parser, publish

TRAIN = """
import argparse, time, tune_mc1
parser = argparse.ArgumentParser()
parser.add_argument("--lr")
parser.parse_args()
for epoch in range(3):
    time.sleep(1)
    tune_mc1.report({"acc": epoch})
"""


def by_xargs(folder: Path, count: int) -> float:
    """Wall time of all runs, started by xargs."""
    lines = "\n".join(map(str, range(count)))
    words = ["xargs", "-P", "2", "-I{}", sys.executable, "train.py", "--lr={}"]
    began = time.perf_counter()
    subprocess.run(words, input=lines, text=True, cwd=folder, check=True)
    return time.perf_counter() - began


def by_sweep(folder: Path, count: int) -> tuple[float, list[dict[str, Any]]]:
    """Wall time of all runs as a sweep, and the events of its journal."""
    rates = ", ".join(f"{i / 100}" for i in range(count))
    text = f"program: train.py\nmetric: {{name: acc}}\nparameters: {{lr: {{values: [{rates}]}}}}\n"
    (folder / "sweep.yaml").write_text(text)
    out = Path(tempfile.mkdtemp(dir=folder))
    words = [sys.executable, "-m", "tune_mc1", "sweep", "grid", "sweep.yaml", "-o", str(out)]
    began = time.perf_counter()
    subprocess.run(
        [*words, "--wandb", "disabled"], cwd=folder, check=True, stdout=subprocess.DEVNULL
    )
    spent = time.perf_counter() - began
    (journal,) = out.glob("*/journal.jsonl")
    return spent, [json.loads(line) for line in journal.read_text().splitlines()]


def times(events: Sequence[dict[str, Any]], kind: str) -> list[float]:
    """When events of a kind happened, in order."""
    return sorted(event["time"] for event in events if event["event"] == kind)


def main() -> None:
    """Runs the benchmark."""
    arguments = parser(__doc__, runs=3)
    arguments.add_argument("--trials", type=int, default=32)
    args = arguments.parse_args()
    ratios, before, gaps = [], [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "train.py").write_text(TRAIN)
        for _ in range(args.runs):
            alone = by_xargs(folder, args.trials)
            spent, events = by_sweep(folder, args.trials)
            ratios.append(spent / alone)
            starts = times(events, "start")
            before.append(starts[0] - times(events, "sweep")[0])
            pairs = zip(times(events, "end"), starts[2:], strict=False)
            gaps.append(1000 * statistics.median(start - end for end, start in pairs))
    figures = [
        Figure("wall time of the sweep over that of xargs", ratios, goal="<= 1.10"),
        Figure("from the sweep's first event to its first trial", before, "s"),
        Figure("from a trial's end to the next one's start", gaps, "ms"),
    ]
    publish(figures, args.json, trials=args.trials, seconds=3)


if __name__ == "__main__":
    main()
