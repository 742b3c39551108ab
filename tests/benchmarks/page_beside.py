"""A sweep with and without its page: is it slowed, and what does the page's server take?

Sweeps of fused trials run in turns, each in a process of its own: alone, and with `watch` beside
them and a reader who asks, as the page does, once a second for what has changed and for the curves.
The server's time is that of its process, in per cent of one core, while the sweep runs and for
`--idle` seconds after, when nobody asks. The work of a browser is not in it.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks.common import Figure, alternate, parser, publish, ratios
from tune_mc1.results.journal import read_records

EVERY_S = 1.0
"""Seconds between two questions of the page (`tune_mc1/page/assets/poll.js`)."""


class Reader(threading.Thread):
    """Asks a server for what a page that shows a sweep asks for."""

    def __init__(self, address: str) -> None:
        super().__init__(daemon=True)
        self._base, _, self._token = address.partition("/?token=")
        self.ended = threading.Event()
        self.rows = self.asked = 0

    def get(self, path: str) -> Any:
        """What the server answers."""
        request = urllib.request.Request(
            f"{self._base}/api{path}", headers={"X-Token": self._token}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def run(self) -> None:
        """Asks until it is told to end."""
        version = curves = 0
        sweep: dict[str, Any] | None = None
        while not self.ended.wait(EVERY_S):
            sweep = sweep or next((s for s in self.get("/sweeps")["sweeps"] if "metric" in s), None)
            if sweep is None:  # it has not begun
                continue
            one = f"/sweeps/{sweep['directory']}"
            told = self.get(f"{one}?since={version}")
            self.asked, self.rows = self.asked + 1, self.rows + len(told.get("rows", ()))
            version = told["version"]
            curves = self.get(f"{one}/curves?metric={sweep['metric']}&since={curves}")["version"]


@contextmanager
def watching(place: Path) -> Iterator[tuple[psutil.Process, str]]:
    """The server of a directory, as its command starts it: its process, and its address."""
    words = [sys.executable, "-m", "tune_mc1", "watch", str(place), "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield (
                psutil.Process(server.pid),
                server.stdout.readline().removeprefix("Page: ").strip(),
            )
        finally:
            server.terminate()


def seconds_of(process: psutil.Process) -> float:
    """Processor time of a process so far."""
    times = process.cpu_times()
    return float(times.user + times.system)


def run_sweep(trials: int, epochs: int, folder: Path) -> float:
    """Seconds of a sweep of fused trials, from the first start to the last end."""
    command = [sys.executable, "-m", "tune_mc1", "sweep", "random", "-n", str(trials)]
    for item in ("model=CNN_simple", "learning_rate=1e-3..1e-1:log", f"epochs={epochs}"):
        command += ["--set", item]
    command += ["--data", "shapes10", "--limit-images", "0.05", "--fuse", "16", "-o", str(folder)]
    env = os.environ | {"WANDB_MODE": "disabled"}
    subprocess.run(command, env=env, capture_output=True, check=True)
    (journal,) = folder.glob("*/journal.jsonl")
    times: dict[str, list[float]] = {"start": [], "end": []}
    for event, _ in read_records(journal):
        if event["event"] in times:
            times[event["event"]].append(event["time"])
    assert len(times["end"]) == trials
    return max(times["end"]) - min(times["start"])


def main() -> None:
    """Runs the benchmark."""
    made = parser(__doc__, runs=3)
    made.add_argument("--trials", type=int, default=1000)
    made.add_argument("--epochs", type=int, default=5)
    made.add_argument("--idle", type=float, default=30.0, help="seconds of idling at the end")
    args = made.parse_args()
    running, idle, updates = [], [], []

    def alone() -> float:
        with tempfile.TemporaryDirectory() as folder:
            return run_sweep(args.trials, args.epochs, Path(folder))

    def watched() -> float:
        with tempfile.TemporaryDirectory() as folder, watching(Path(folder)) as (server, address):
            reader = Reader(address)
            reader.start()
            before, began = seconds_of(server), time.monotonic()
            took = run_sweep(args.trials, args.epochs, Path(folder))
            running.append(100 * (seconds_of(server) - before) / (time.monotonic() - began))
            reader.ended.set()
            reader.join()
            assert reader.rows >= args.trials
            updates.append(reader.asked)
            before = seconds_of(server)
            time.sleep(args.idle)
            idle.append(100 * (seconds_of(server) - before) / args.idle)
            return took

    times = alternate({"alone": alone, "watched": watched}, args.runs, warm_up=False)
    kept = ratios(times["alone"], times["watched"])
    told = max(kept) - min(kept) < 0.05  # rounds that differ more say nothing of a hundredth
    publish(
        [
            Figure(
                "speed with the page beside it, of that alone", kept, goal=">= 0.99" if told else ""
            ),
            Figure("sweep alone, first start to last end", times["alone"], "s"),
            Figure("server while the sweep runs", running, "% of a core", "<= 5"),
            Figure("questions of the reader", updates),
            Figure("server while nobody asks", idle, "% of a core", "<= 1"),
        ],
        args.json,
        trials=args.trials,
        epochs=args.epochs,
    )


if __name__ == "__main__":
    main()
