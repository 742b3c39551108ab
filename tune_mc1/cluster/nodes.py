"""Nodes of the connected Ray cluster, and those that its autoscaler may add."""

import json
import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ray
import yaml

from tune_mc1.cluster.ray_private import autoscaler_limits, free_resources, other_drivers
from tune_mc1.config.module_sweep import workers_of
from tune_mc1.config.parameters import listed_values
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.run_fit import HALF_ON_CPU
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import Trial
from tune_mc1.errors import InputError
from tune_mc1.planning.resources import (
    WORKERS,
    Capacity,
    Node,
    TrialResources,
    choose_resources,
    max_concurrent,
)

SETTLE_S = 10.0
"""Seconds for which a sweep waits until an earlier one has released its GPUs."""

UNLIMITED = 1_000_000
"""Number of nodes if the autoscaler has no limit."""


def trial_resources(sweep: Sweep, trials: Sequence[Trial]) -> TrialResources:
    """Resources of each trial, group, or worker of a trial on the connected Ray cluster.

    Args:
        sweep: The sweep.
        trials: Its trials; empty if a search suggests them as it goes.

    Raises:
        InputError: If no node can ever hold such a trial.
    """
    wants_cpu = bool(trials) and all(trial.config.device == "cpu" for trial in trials)
    capacity = cluster_capacity()
    each = choose_resources(sweep.resources, capacity, wants_cpu)
    if (workers := workers_of(sweep)) > (most := max_concurrent(each, capacity)):
        rule = f"must be at most what all nodes hold ({most})"
        raise InputError(f"resources.workers: {rule}, got {workers}")
    if not each.gpu and "16-mixed" in precisions(sweep, trials):
        raise InputError(f"parameters.precision: {HALF_ON_CPU}")
    return each


def precisions(sweep: Sweep, trials: Sequence[Trial]) -> set[Any]:
    """Precisions that trials of our own training have, or that a search may suggest.

    Args:
        sweep: The sweep.
        trials: Its trials; empty if a search suggests them as it goes.
    """
    if trials or isinstance(sweep, ProgramSweep):
        return {trial.config.precision for trial in trials}
    return set(listed_values(sweep.parameters.get("precision")))


def cluster_capacity() -> Capacity:
    """The nodes that a sweep may use."""
    return _with_coming([_node(resources) for resources in _resources().values()])


def free_nodes() -> list[Node]:
    """Free resources of each running node.

    What a sweep that has just ended still holds is free within seconds, so that is waited for; what
    other sweeps use is not.
    """
    end = time.monotonic() + SETTLE_S
    while (free := free_now()) != [_node(resources) for resources in _resources().values()]:
        if time.monotonic() > end or other_drivers():
            break
        time.sleep(0.1)
    return free


def free_now() -> list[Node]:
    """Free resources of each running node at this moment."""
    all_of = _resources()
    free = free_resources()
    return [_node((all_of if free is None else free).get(name, {})) for name in all_of]


def _resources() -> dict[str, dict[str, float]]:
    return {n["NodeID"]: n["Resources"] for n in ray.nodes() if n["Alive"]}  # type: ignore[no-untyped-call]


def _node(resources: Mapping[str, float]) -> Node:
    return Node(resources.get("CPU", 0.0), resources.get("GPU", 0.0))


def _with_coming(up: Sequence[Node]) -> Capacity:
    limits = autoscaler_limits()
    if limits is not None:
        limited = [(_node(kind), n if n >= 0 else UNLIMITED) for kind, n in limits]
        return _capacity(up, limited, UNLIMITED)
    if listed := os.environ.get(WORKERS):
        kinds, counts = _listed_workers(listed)
        return _capacity(up, list(zip(kinds, counts, strict=True)), UNLIMITED)
    file = _autoscaling_file()
    return capacity_of_config(yaml.safe_load(file.read_text()), up) if file else Capacity(tuple(up))


def _listed_workers(text: str) -> tuple[list[Node], list[int]]:
    """Kinds of nodes with their maximum numbers, from `[{"cpu": 4, "gpu": 1, "most": 4}]`.

    Raises:
        InputError: If the text does not have that form.
    """
    try:
        groups = json.loads(text)
        kinds = [Node(float(group["cpu"]), float(group.get("gpu", 0))) for group in groups]
        return kinds, [int(group["most"]) for group in groups]
    except (ValueError, TypeError, KeyError, AttributeError):
        rule = 'must be JSON as [{"cpu": 4, "gpu": 1, "most": 4}]'
        raise InputError(f"{WORKERS}: {rule}, got {text!r}") from None


def _autoscaling_file() -> Path | None:
    """The autoscaler's configuration file, if the autoscaler runs on this machine, the head.

    Neither version of open-source Ray's autoscaler publishes its limits to the cluster; both take
    them from the file that their command line names.
    """
    import psutil

    address = f"--gcs-address={ray.get_runtime_context().gcs_address}"
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or ()
        named = [w.partition("=")[2] for w in words if w.startswith("--autoscaling-config=")]
        if named and address in words:
            file = Path(named[0]).expanduser()
            return file if file.is_file() else None
    return None


def capacity_of_config(config: Mapping[str, Any], up: Sequence[Node] = ()) -> Capacity:
    """Nodes that the autoscaler may add, by a cluster file or the launcher's version of it.

    Args:
        config: With `available_node_types`, `head_node_type` and `max_workers`.
        up: The running nodes with the head; each counts as the kind with its resources.
    """
    most = config.get("max_workers", 2)  # Ray's default
    kinds = [
        (_node(kind.get("resources", {})), kind.get("max_workers", most))
        for name, kind in config.get("available_node_types", {}).items()
        if name != config.get("head_node_type")
    ]
    return _capacity(up, kinds, most - max(0, len(up) - 1))


def _capacity(up: Sequence[Node], kinds: Sequence[tuple[Node, int]], most: int) -> Capacity:
    there = Counter(up)
    coming = []
    for node, count in kinds:
        taken = min(count, there[node])
        there[node] -= taken
        coming.append((node, count - taken))
    return Capacity(tuple(up), tuple(coming), max(0, most))
