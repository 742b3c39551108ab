"""How long cores idle over a sweep: the quick-start grid, between its first start and last end.

What the whole machine idles counts, so nothing else should run.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from tests.benchmarks.common import Figure, parser, publish
from tune_mc1.journal import read_events


class Sampler(threading.Thread):
    """Notes how long the processors have idled, several times a second."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.samples: list[tuple[float, float]] = []
        self.ended = threading.Event()

    def run(self) -> None:
        """Notes until it is told to end."""
        while not self.ended.wait(0.1):
            idle = int(Path("/proc/stat").read_text().split()[4]) / os.sysconf("SC_CLK_TCK")
            self.samples.append((time.time(), idle))

    def idle_part(self, start: float, end: float) -> float:
        """Part of the processors' time between two times that was idle."""
        inside = [(at, idle) for at, idle in self.samples if start <= at <= end]
        (first, before), (last, after) = inside[0], inside[-1]
        return (after - before) / (last - first) / (os.cpu_count() or 1)


def measure(command: list[str], folder: Path) -> tuple[float, float]:
    """Idle part in per cent, and wall time in seconds, of a sweep."""
    sampler = Sampler()
    sampler.start()
    began = time.perf_counter()
    env = os.environ | {"WANDB_MODE": "disabled"}
    subprocess.run([*command, "-o", str(folder)], env=env, capture_output=True, check=True)
    wall = time.perf_counter() - began
    sampler.ended.set()
    (journal,) = folder.glob("*/journal.jsonl")
    events = [event for event, _ in read_events(journal)]
    start = min(e["time"] for e in events if e["event"] == "start")
    end = max(e["time"] for e in events if e["event"] == "end")
    return 100 * sampler.idle_part(start, end), wall


def main() -> None:
    """Runs the benchmark."""
    made = parser(__doc__, runs=1)
    made.add_argument("--set", action="append", default=[], help="as of the command `sweep`")
    args = made.parse_args()
    command = [sys.executable, "-m", "tune_mc1", "sweep", "grid"]
    for item in args.set:
        command += ["--set", item]
    idle, walls = [], []
    for _ in range(args.runs):
        with tempfile.TemporaryDirectory() as folder:
            part, wall = measure(command, Path(folder) / "out")
        idle.append(part)
        walls.append(wall)
        print(f"idle {part:.1f} %, {wall:.0f} s")
    figures = [
        Figure("cores idle over the quick-start grid", idle, "%", "<= 10"),
        Figure("the quick-start grid, whole command", walls, "s"),
    ]
    publish(figures, args.json)


if __name__ == "__main__":
    main()
