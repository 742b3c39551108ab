"""How long cores idle over a sweep: the quick-start grid, between its first start and last end.

What the whole machine idles counts, so nothing else should run. With `--gpu` it is how much of the
time a GPU computes (`nvidia-smi`), from the first report on.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.common import Figure, parser, publish
from tune_mc1.results.journal import read_records


class CpuSampler(threading.Thread):
    """Notes how long the processors have idled, several times a second."""

    FROM = "start"

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.samples: list[tuple[float, float]] = []
        self.ended = threading.Event()

    def run(self) -> None:
        """Notes until it is told to end."""
        while not self.ended.wait(0.1):
            idle = int(Path("/proc/stat").read_text().split()[4]) / os.sysconf("SC_CLK_TCK")
            self.samples.append((time.time(), idle))

    def end(self) -> None:
        """Stops noting."""
        self.ended.set()

    def percent(self, start: float, end: float) -> float:
        """Per cent of the processors' time between two times that was idle."""
        inside = [(at, idle) for at, idle in self.samples if start <= at <= end]
        (first, before), (last, after) = inside[0], inside[-1]
        return 100 * (after - before) / (last - first) / (os.cpu_count() or 1)


class GpuSampler(threading.Thread):
    """Notes which part of the last moments the GPU computed, several times a second."""

    FROM = "epoch"

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.samples: list[tuple[float, float]] = []
        query = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]
        self.process = subprocess.Popen([*query, "-lms", "200"], stdout=subprocess.PIPE, text=True)

    def run(self) -> None:
        """Notes until the process is ended."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.samples.append((time.time(), float(line)))

    def end(self) -> None:
        """Stops noting."""
        self.process.terminate()

    def percent(self, start: float, end: float) -> float:
        """Per cent of the time between two times that it computed."""
        return statistics.mean(part for at, part in self.samples if start <= at <= end)


def run_sweep(command: list[str], folder: Path) -> list[dict[str, Any]]:
    """The events of a sweep."""
    env = os.environ | {"WANDB_MODE": "disabled"}
    subprocess.run([*command, "-o", str(folder)], env=env, capture_output=True, check=True)
    (journal,) = folder.glob("*/journal.jsonl")
    return [event for event, _ in read_records(journal)]


def measure(
    command: list[str], folder: Path, sampler: CpuSampler | GpuSampler
) -> tuple[float, float]:
    """What a sampler says of a sweep, in per cent, and the sweep's wall time in seconds."""
    sampler.start()
    began = time.perf_counter()
    events = run_sweep(command, folder)
    wall = time.perf_counter() - began
    sampler.end()
    start = min(e["time"] for e in events if e["event"] == sampler.FROM)
    end = max(e["time"] for e in events if e["event"] == "end")
    return sampler.percent(start, end), wall


def main() -> None:
    """Runs the benchmark."""
    made = parser(__doc__, runs=1)
    made.add_argument("--set", action="append", default=[], help="as of the command `sweep`")
    made.add_argument("--gpu", action="store_true")
    args = made.parse_args()
    command = [sys.executable, "-m", "tune_mc1", "sweep", "grid"]
    for item in args.set:
        command += ["--set", item]
    idle, walls = [], []
    for _ in range(args.runs):
        with tempfile.TemporaryDirectory() as folder:
            sampler = GpuSampler() if args.gpu else CpuSampler()
            part, wall = measure(command, Path(folder) / "out", sampler)
        idle.append(part)
        walls.append(wall)
        print(f"{part:.1f} %, {wall:.0f} s")
    name, goal = "cores idle over the quick-start grid", "<= 5"
    if args.gpu:
        name, goal = "GPU busy over the quick-start grid", ">= 90"
    figures = [
        Figure(name, idle, "%", goal),
        Figure("the quick-start grid, whole command", walls, "s"),
    ]
    publish(figures, args.json)


if __name__ == "__main__":
    main()
