"""Sweeps of our own training that are steered while they run, and what came of them."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tests.support.in_process import Ran, sweep_here
from tests.support.steering import Steered, When, steered
from tune_mc1.results.steering.requests import Request

PAUSING, QUICK = "pausing_network:Pausing", "pausing_network:Quick"
OFF = ("--wandb", "disabled")
NETWORKS = [str(Path(__file__).parent)]
ONE = ("--max-concurrent", "1", *OFF)
EPOCHS = 30
"""Enough for some seconds, in which a trial can be stopped."""

Steps = list[tuple[When, Request]]


def content(image_dir: Path, run_cap: int, **keys: Any) -> dict[str, Any]:
    return {
        "method": "random",
        "parameters": {
            "model": {"value": PAUSING},
            "learning_rate": {"distribution": "log_uniform_values", "min": 1e-3, "max": 0.03},
            "epochs": {"value": EPOCHS},
        },
        "import_from": NETWORKS,
        "run_cap": run_cap,
        "data": str(image_dir),
        "limit_images": 0.2,
        "fuse": "off",
        **keys,
    }


def trials(root: Path) -> dict[str, dict[str, Any]]:
    """Rows by trial."""
    rows = pq.read_table(root / "trials.parquet").to_pylist()
    return {row["trial"]: row for row in rows}


def states(root: Path) -> list[str]:
    return [row["state"] for row in trials(root).values()]


def run(folder: Path, sweep: dict[str, Any], steps: Steps, *words: str) -> Steered:
    method = str(sweep["method"])
    return steered(folder / "out", lambda: sweep_here(folder, sweep, method, *words), steps)


def most_at_a_time(ran: Ran, after: str) -> int:
    """Largest number of trials that ran at a time, of those that started after an event."""
    since = ran.events(after)[0]["time"]
    changes = [e for kind in ("start", "end", "pause") for e in ran.events(kind)]
    running: set[str] = set()
    most = 0
    for event in sorted(changes, key=lambda e: float(e["time"])):
        if event["event"] != "start":
            running.discard(event["trial"])
        elif event["time"] > since:
            running.add(event["trial"])
            most = max(most, len(running))
    return most
