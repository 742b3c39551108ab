"""Memory of a sweep's processes: forks of one that has imported the libraries, against Ray's own.

Each process trains a small CNN, as a trial does, and is kept. What counts is the proportional set
size (PSS) of all of them, and of the process that they are forks of: memory that n processes share
counts for each with its n-th part. The images are small.
"""

import os
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import ray

from tests.benchmarks.common import Figure, alternate, parser, publish, ratios
from tune_mc1.cluster.forks.ray_forks_private import ForkServer, usable
from tune_mc1.cluster.ray_runtime import start_ray
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.validation import Holdout
from tune_mc1.data.source import load_data
from tune_mc1.running.preload import import_training, load_training, path_of

MB = 2**20


class Process:
    """A process that has trained a trial."""

    def __init__(self) -> None:
        from tune_mc1.training.lightning_private import load_lightning

        load_lightning()
        from tune_mc1.training.run_trials import run_trials

        whole = load_data("shapes10")
        data = replace(
            whole, train_images=whole.train_images[:120], train_labels=whole.train_labels[:120]
        )
        trial = Trial(id="t0001", config=TrialConfig(epochs=1))
        with tempfile.TemporaryDirectory() as folder:
            run_trials(
                [trial],
                data,
                Holdout(),
                checkpoints=Path(folder).joinpath,
                report=lambda rows, ends=(): (),
                gpu=False,
            )

    def pid(self) -> int:
        """Its id."""
        return os.getpid()


def pss_mb(pids: Sequence[int]) -> float:
    """Proportional set size of processes, in MB."""
    return sum(psutil.Process(pid).memory_full_info().pss for pid in pids) / MB


def held(processes: int, forks: bool) -> float:
    """MB of so many processes of a Ray of their own."""
    server = (
        ForkServer(path_of(load_training), path_of(import_training)) if forks else nullcontext()
    )
    with server as forked, tempfile.TemporaryDirectory(prefix="ray-") as temp:
        start_ray(None, Path(temp), forks=forked)
        try:
            made: Any = ray.remote(num_cpus=0)(Process)
            actors = [made.remote() for _ in range(processes)]
            pids = ray.get([actor.pid.remote() for actor in actors])
            parents = {psutil.Process(pid).ppid() for pid in pids} if forks else set()
            return pss_mb([*pids, *parents])
        finally:
            ray.shutdown()


def main() -> None:
    """Runs the benchmark."""
    made = parser(__doc__, runs=3)
    made.add_argument("--processes", type=int, default=8)
    args = made.parse_args()
    if not usable():
        made.error("forks need Linux without a GPU")
    sides = {"forks": True, "Ray's own": False}
    found = alternate(
        {name: partial(held, args.processes, forks) for name, forks in sides.items()}, args.runs
    )
    count = args.processes
    figures = [Figure(f"{count} processes, {name}", mb, "MB") for name, mb in found.items()]
    over = Figure("the first over the second", ratios(*found.values()), goal="<= 0.7")
    publish([*figures, over], args.json)


if __name__ == "__main__":
    main()
