"""What the benchmarks share: images, CPU clocks, alternating runs, and one way to print figures."""

import argparse
import gc
import importlib.metadata
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from tune_mc1.data.home import HOME_VARIABLE
from tune_mc1.data.images import ImageData
from tune_mc1.data.source import load_data
from tune_mc1.training.huge_pages import use_huge_pages

use_huge_pages()  # as in each process of a sweep

VERSIONS = ("torch", "lightning", "ray", "torchmetrics", "wandb")


@dataclass(frozen=True)
class Figure:
    """One figure of many runs.

    Attributes:
        name: What was measured.
        values: One value a run.
        unit: Unit of the values; empty for a ratio.
        goal: Bound on the median, such as `>= 0.95`; empty for none.
    """

    name: str
    values: Sequence[float]
    unit: str = ""
    goal: str = ""

    @property
    def median(self) -> float:
        """The figure."""
        return statistics.median(self.values)

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without one."""
        if not self.goal:
            return None
        word, bound = self.goal.split()
        return self.median >= float(bound) if word == ">=" else self.median <= float(bound)

    def __str__(self) -> str:
        spread = f"({min(self.values):.4g} to {max(self.values):.4g}, {len(self.values)} runs)"
        text = f"{self.name:<58} {self.median:8.4g} {self.unit:<8} {spread}"
        if self.met is None:
            return text
        return f"{text}  goal {self.goal}: {'met' if self.met else 'MISSED'}"


def parser(description: str | None, runs: int) -> argparse.ArgumentParser:
    """Arguments that every benchmark takes."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--runs", type=int, default=runs, help=f"runs a side (default {runs})")
    made.add_argument("--json", action="store_true", help="print one line of JSON as well")
    return made


def publish(figures: Sequence[Figure], as_json: bool, **facts: Any) -> None:
    """Prints figures with the machine, the date and the versions that they belong to."""
    about = {"benchmark": Path(sys.argv[0]).stem, **machine(), **facts}
    print("\n" + "; ".join(f"{k} {v}" for k, v in about.items()))
    for figure in figures:
        print(figure)
    if as_json:
        rows = [asdict(f) | {"median": f.median, "met": f.met} for f in figures]
        print(json.dumps(about | {"figures": rows}))


def machine() -> dict[str, str]:
    """Where and when a figure was measured, and with what."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [r for r in info.read_text().splitlines() if r.startswith("model name")]
        cpu = models[0].split(":")[1].strip() if models else cpu
    there = {d.name.lower() for d in importlib.metadata.distributions() if d.name}
    versions = {name: importlib.metadata.version(name) for name in VERSIONS if name in there}
    gpu = {"gpu": torch.cuda.get_device_name()} if torch.cuda.is_available() else {}
    return {
        "date": time.strftime("%Y-%m-%d"),
        "cpu": f"{os.cpu_count()} x {cpu}",
        **gpu,
        "python": platform.python_version(),
        **versions,
    }


def images(limit: int | None = None) -> ImageData:
    """CIFAR-10 where the environment names it, else shapes10; the first `limit` for training."""
    data = load_data("cifar10" if os.environ.get(HOME_VARIABLE) else "shapes10")
    if limit is None or limit >= len(data.train_labels):
        return data
    return replace(
        data, train_images=data.train_images[:limit], train_labels=data.train_labels[:limit]
    )


def cpu_clock() -> float:
    """CPU-seconds of this process, all its threads, and its children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU-seconds that some work takes, garbage of its own included."""
    gc.collect()
    began = cpu_clock()
    work()
    gc.collect()
    return cpu_clock() - began


def gpu_seconds(work: Callable[[], object]) -> float:
    """Wall time that some work takes, until the GPU has done it."""
    torch.cuda.synchronize()
    began = time.perf_counter()
    work()
    torch.cuda.synchronize()
    return time.perf_counter() - began


def alternate(
    sides: Mapping[str, Callable[[], float]], runs: int, warm_up: bool = True
) -> dict[str, list[float]]:
    """Measures all sides in turn, so that what else the machine does falls on all alike.

    Args:
        sides: Name and measurement of each.
        runs: Rounds that count.
        warm_up: Whether a first round is thrown away.

    Returns:
        One value a round for each side.
    """
    values: dict[str, list[float]] = {name: [] for name in sides}
    for round_ in range(-int(warm_up), runs):
        for name, measure in sides.items():
            value = measure()
            print(f"run {round_ + 1}: {name} {value:.3f}", flush=True)
            if round_ >= 0:
                values[name].append(value)
    return values


def by_size(script: str, sizes: Sequence[int], runs: int) -> dict[int, list[dict[str, float]]]:
    """Measures a script at each size, in a process of its own, so that its memory is its own.

    Args:
        script: Name of a benchmark that prints a line of JSON for `--one SIZE`.
        sizes: The sizes.
        runs: Rounds.

    Returns:
        What was printed, a round each, by size.
    """
    rows: dict[int, list[dict[str, float]]] = {size: [] for size in sizes}
    for _ in range(runs):
        for size in sizes:
            command = [sys.executable, "-m", f"tests.benchmarks.{script}", "--one", str(size)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            rows[size].append(json.loads(done.stdout.splitlines()[-1]))
            print(size, rows[size][-1])
    return rows


def ratios(over: Sequence[float], under: Sequence[float]) -> list[float]:
    """Ratio of each round."""
    return [a / b for a, b in zip(over, under, strict=True)]
