"""How long a sweep takes to start: from the command to the first optimiser step, and in all.

The quick-start grid on built-in images, by the command alone, so that two versions of the product
can be compared in turns (`--against DIRECTORY`, a checkout of the other one). Wall time; nothing
else should run.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.common import Figure, alternate, parser, publish, ratios
from tune_mc1.results.journal import read_records

HERE = Path(__file__).parents[2]


class Runs:
    """Runs of one version.

    Args:
        product: Its checkout.
        words: Words of the command.
    """

    def __init__(self, product: Path, words: Sequence[str]) -> None:
        self.product, self.words = product, words
        self.first: list[float] = []

    def whole(self) -> float:
        """Seconds of the command; keeps those until the first step of a trial."""
        command = [sys.executable, "-m", "tune_mc1", "sweep", "grid", *self.words]
        env = {k: v for k, v in os.environ.items() if k != "TUNE_MC1_DATA"}
        env |= {"PYTHONPATH": str(self.product), "WANDB_MODE": "disabled"}
        with tempfile.TemporaryDirectory() as folder:
            began, wall = time.perf_counter(), time.time()
            command += ["-o", folder, "--data", "shapes10"]
            subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True)
            seconds = time.perf_counter() - began
            (journal,) = Path(folder).glob("*/journal.jsonl")
            epochs = [r for r, _ in read_records(journal) if r["event"] == "epoch"]
        self.first.append(min(r["time"] - r["seconds"] for r in epochs) - wall)
        return seconds


def main() -> None:
    """Runs the benchmark."""
    made = parser(__doc__, runs=3)
    made.add_argument("--against", type=Path, help="checkout of another version")
    args: argparse.Namespace = made.parse_args()
    words = ["--set", "epochs=1"]
    sides = {"ours": Runs(HERE, words)}
    if args.against is not None:
        sides["the other"] = Runs(args.against.absolute(), words)
    spent = alternate({name: runs.whole for name, runs in sides.items()}, args.runs)
    figures = []
    for name, runs in sides.items():
        figures.append(Figure(f"command to first step, {name}", runs.first[-args.runs :], "s"))
        figures.append(Figure(f"whole command, {name}", spent[name], "s"))
    if args.against is not None:
        first = [runs.first[-args.runs :] for runs in sides.values()]
        figures += [
            Figure("command to first step, over the other's", ratios(*first), goal="<= 0.6"),
            Figure("whole command, over the other's", ratios(*spent.values()), goal="<= 0.6"),
        ]
    publish(figures, args.json, against=str(args.against or ""))


if __name__ == "__main__":
    main()
