"""Memory: the image array of a node, however many trials, and what a trial adds to a group.

The image array is measured by proportional set size (PSS) over all processes that map it, while
some of them hold it as trials do. A group's memory is the highest resident set of a process.
"""

import json
import logging
import subprocess
import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import ray

from tests.benchmarks.common import Figure, images, parser, publish
from tests.benchmarks.driver import start_ray
from tests.benchmarks.reference import train_group
from tune_mc1.config.trial import TrialConfig
from tune_mc1.data.images import ImageData
from tune_mc1.data.source import load_data
from tune_mc1.planning.memory import trial_bytes

MB = 2**20
SMALL = ("CNN", "CNN5")
MODELS = ("CNN", "CNN5", "CNN7", "CNN8", "VGG", "MLP")


def shared_mb() -> float:
    """Proportional set size of our Ray's object store in all processes that map it, in MB."""
    mine = Path("/proc/self/maps").read_text().splitlines()
    store = next(line.split()[5] for line in mine if "plasma" in line)
    total = 0
    for maps in Path("/proc").glob("[0-9]*/smaps"):
        inside = False
        try:
            lines = maps.read_text().splitlines()
        except OSError:  # it has ended
            continue
        for line in lines:
            if "-" in line.split(" ", 1)[0] and ":" not in line.split(" ", 1)[0]:
                inside = store in line
            elif inside and line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total / MB


def image_array(trials: int, reference: Any) -> float:
    """MB of the object store while so many processes hold it, each having read all of it."""

    @ray.remote(num_cpus=0)
    class Holder:
        def read(self, held: ImageData) -> int:
            self.held = held
            return int(held.train_images.sum()) + int(held.test_images.sum())

    holders = [Holder.remote() for _ in range(trials)]  # type: ignore[attr-defined]
    ray.get([h.read.remote(reference) for h in holders])
    time.sleep(0.5)
    used = shared_mb()
    for holder in holders:
        ray.kill(holder)
    return used


def _status_mb(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith(field))


def peak_mb(model: str, trials: int) -> float:
    """Highest resident set of a process that trains a group, in MB."""
    command = [sys.executable, "-m", "tests.benchmarks.memory", "--one", model]
    done = subprocess.run(
        [*command, "--trials", str(trials)], capture_output=True, text=True, check=True
    )
    return float(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Runs the benchmark."""
    made = parser(__doc__, runs=1)
    made.add_argument("--one", help="train a group of one model, and print its memory")
    made.add_argument("--trials", type=int, default=2)
    args = made.parse_args()
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    if args.one:
        whole = load_data("shapes10")
        data = replace(
            whole, train_images=whole.train_images[:120], train_labels=whole.train_labels[:120]
        )
        Path("/proc/self/clear_refs").write_text("5")  # forgets the peak so far
        train_group(TrialConfig.model_validate({"model": args.one, "epochs": 1}), data, args.trials)
        print(json.dumps(_status_mb("VmHWM")))
        return
    data = images()
    start_ray()
    held = ray.put(data)
    figures = [
        Figure(f"the object store, {n} processes hold the images", [image_array(n, held)], "MB")
        for n in (1, 2, 4, 8)
    ]
    del held
    ray.shutdown()
    figures.append(
        Figure(
            "the same, 8 processes over 1",
            [figures[-1].median / figures[0].median],
            goal="<= 1.05",
        )
    )
    for model in MODELS:
        many = 26 if model in SMALL else 8
        added = [(peak_mb(model, many) - peak_mb(model, 2)) / (many - 2) for _ in range(args.runs)]
        planned = trial_bytes(TrialConfig.model_validate({"model": model}), (3, 32, 32), 10) / MB
        figures.append(Figure(f"a {model} adds to a group", added, "MB"))
        figures.append(Figure("  planned over measured", [planned / a for a in added]))
    publish(figures, args.json, data=data.name, image_bytes=data.train_images.nbytes)


if __name__ == "__main__":
    main()
