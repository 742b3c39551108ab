"""A cluster of three hosts of the lab (`tests/lab`; needs root), and what a sweep there waits for.

How long it takes from a cluster that is up to the first epoch of a trial on each host, what is sent
to each, and whether fused groups keep all hosts busy until the end.
"""

import tempfile
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks.common import Figure, parser, publish
from tests.conftest import write_images
from tests.lab.onprem import Place, onprem
from tests.lab.sweeping import Sweep
from tune_mc1.data.source import load_data

IMAGES = 8_000
SLOTS = 4
"""Trials that run at once."""

KINDS = {
    "driver": " sweep ",
    "trials": "ray::ImplicitFunc",
    "other workers": "ray::",
    "starting workers": "_worker.py",
    "raylet": "raylet",
    "head": "gcs_server",
    "agents": "agent",
    "launcher": "monitor.py",
}
"""What the command line of each kind of process has."""


def cpu_seconds() -> dict[str, float]:
    """CPU time that everything in the lab has taken so far, by the kind of process."""
    found: dict[str, float] = defaultdict(float)
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            line, times = " ".join(process.cmdline()), process.cpu_times()
            kind = next((kind for kind, mark in KINDS.items() if mark in line), "others")
            found[kind] += times.user + times.system
            found["ended"] += times.children_user + times.children_system
    return found


def first_epochs(place: Place, name: str) -> tuple[list[float], dict[str, float]]:
    """Seconds from the command of a sweep to the first epoch on each host, and CPU seconds then."""
    began, before = time.time(), cpu_seconds()
    sweep = place.sweep(name, at_head=True)
    sweep.wait_for(lambda: sweep.nodes() >= set(place.names), 300)
    used = {kind: seconds - before.get(kind, 0.0) for kind, seconds in cpu_seconds().items()}
    assert sweep.wait(300) == 0, sweep.log.read_text()
    epochs = sweep.events("epoch")
    return [min(e["time"] for e in epochs if e["node"] == n) - began for n in place.names], used


def sent(place: Place, data: Path) -> dict[str, float]:
    """Megabytes that each host receives in a sweep with many images."""
    before = place.received()
    parameters = parameters_of(place.content, SLOTS, epochs=1)
    sweep = place.sweep("images", at_head=True, data=str(data), parameters=parameters)
    assert sweep.wait(300) == 0, sweep.log.read_text()
    return {n: (got - before[n]) / 1e6 for n, got in place.received().items()}


def parameters_of(content: dict[str, Any], trials: int, epochs: int) -> dict[str, Any]:
    """Parameters of a sweep of another size."""
    changed = {"seed": {"values": list(range(trials))}, "epochs": {"value": epochs}}
    return {**content["parameters"], **changed}


def busy_until(sweep: Sweep) -> dict[str, float]:
    """When each host reports its last epoch, as a fraction of the time of all trials."""
    epochs = sweep.events("epoch")
    began = min(e["time"] for e in sweep.events("start"))
    last = {e["node"]: e["time"] - began for e in epochs}
    return {node: seconds / sweep.seconds() for node, seconds in sorted(last.items())}


def main() -> None:
    """Measures and prints."""
    given = parser(__doc__, runs=3).parse_args()
    content = {
        "method": "grid",
        "parameters": {
            "model": {"value": "CNN_simple"},
            "seed": {"values": list(range(8 * SLOTS))},
            "epochs": {"value": 3},
        },
        "resources": {"cpu": 1},
        "fuse": "off",
    }
    with tempfile.TemporaryDirectory() as folder:
        shared, lab = (Path(folder, name) for name in ("shared", "lab"))
        shared.mkdir()
        lab.mkdir()
        with onprem(shared, lab, content) as place:
            before = place.received()
            began = time.monotonic()
            place.up()
            up = time.monotonic() - began
            package = {n: (got - before[n]) / 1e6 for n, got in place.received().items()}
            runs = [first_epochs(place, f"first{i}") for i in range(given.runs)]
            firsts, cpu = [seconds for seconds, _ in runs], [sum(used.values()) for _, used in runs]
            for used in (used for _, used in runs):
                print({kind: round(seconds, 1) for kind, seconds in used.items()}, flush=True)
            print(f"ray up {up:.1f} s, received {package} MB; first epochs {firsts} s", flush=True)
            write_images(shared / "many", IMAGES)
            images = sent(place, shared / "many")
            print(f"received with images {images} MB", flush=True)
            many = load_data(str(shared / "many"))
            size = many.train_images.nbytes + many.test_images.nbytes
            parameters = parameters_of(place.content, trials=64, epochs=12)
            fused = place.sweep("fused", at_head=True, parameters=parameters, fuse="auto")
            assert fused.wait(300) == 0, fused.log.read_text()
            until = busy_until(fused)
    figures = [
        Figure("ray up, until three hosts are there", [up], "s"),
        Figure("until the first epoch on each host", list(map(max, firsts)), "s", "<= 15"),
        Figure("CPU of all hosts until then", cpu, "s"),
        *(Figure(f"received by {n} in ray up", [mb], "MB") for n, mb in package.items()),
        *(Figure(f"received by {n}, {IMAGES} images", [mb], "MB") for n, mb in images.items()),
        *(Figure(f"last epoch on {n}, 64 fused", [at], "", ">= 0.9") for n, at in until.items()),
    ]
    publish(figures, given.json, image_mb=size / 1e6)


if __name__ == "__main__":
    main()
