"""Placement of a sweep's trials on the machines of a running cluster or a cluster file.

A trial, or a group of trials that is trained as one model, always runs on a single machine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tune_mc1.cluster.files.cluster_file import read_cluster
from tune_mc1.cluster.files.node_types import ClusterFile
from tune_mc1.cluster.files.price import hourly, price_notes
from tune_mc1.errors import InputError
from tune_mc1.planning.dry_run import Place, outline
from tune_mc1.planning.plan import Plan
from tune_mc1.planning.resources import Capacity, Node, choose_resources, widen_gpu_share

GPU_NOTE = (
    "GPUs were not measured: time and price assume that each trial, or group of trials, has the "
    "speed of one CPU core"
)
CHOICE_NOTE = (
    "Ray's autoscaler chooses the machines by fit, then by priority; starting them takes a few "
    "more minutes"
)


@dataclass(frozen=True)
class Machines:
    """Machines of one kind.

    Attributes:
        name: Name of the node type, or of the first machine.
        cpus: Cores per machine.
        gpus: GPUs per machine.
        count: Current or maximum number of machines.
        least: Number of machines that are always up.
        price: USD per hour and machine; None if unknown.
        priority: Of kinds that fit equally well, Ray chooses the one with the highest priority.
    """

    name: str
    cpus: float
    gpus: float
    count: int
    least: int = 0
    price: float | None = None
    priority: int = 0


def outline_on_file(plan: Plan, path: Path) -> dict[str, Any]:
    """The outline of a sweep on as many machines as a cluster file allows.

    Args:
        plan: The sweep.
        path: The cluster file.

    Returns:
        The dictionary of `outline`, with `cluster`: the maximum number of machines used, price and
        notes.

    Raises:
        InputError: If it is not a cluster file, does not specify its machines' resources, or has
            no machine that can hold a trial.
    """
    cluster = read_cluster(path)
    kinds = [
        Machines(n.name, n.cpus, n.gpus, n.most, n.least, n.price, n.priority)
        for n in cluster.nodes
        if n.cpus is not None and n.gpus is not None
    ]
    if not kinds:
        raise InputError(
            f"{path}: does not specify its machines' resources; start it and use "
            "--dry-run --address"
        )
    heads = sum(node.head for node in cluster.nodes)
    up = [Node(kind.cpus, kind.gpus) for kind in kinds for _ in range(kind.least)]
    facts = _outline(plan, kinds, cluster.max_workers + heads, up, str(path))
    used = {kind["name"]: kind["used"] for kind in facts["cluster"]["machines"]}
    facts["cluster"] |= _price(cluster, used, facts["forecast_seconds"])
    return facts


def outline_on_running(plan: Plan, address: str) -> dict[str, Any]:
    """The outline of a sweep on the connected cluster, with the nodes that it may add.

    Args:
        plan: The sweep.
        address: The address that the user named.

    Raises:
        InputError: If no machine there can hold a trial.
    """
    import ray

    from tune_mc1.cluster.nodes import cluster_capacity

    sizes: dict[tuple[float, float], list[str]] = {}
    for node in ray.nodes():  # type: ignore[no-untyped-call]
        if node["Alive"]:
            has = node["Resources"]
            size = (has.get("CPU", 0.0), has.get("GPU", 0.0))
            sizes.setdefault(size, []).append(node["NodeManagerAddress"])
    kinds = [
        Machines(names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} alike", *size,
                 len(names), priority=1)
        for size, names in sizes.items()
    ]  # fmt: skip
    up = [Node(kind.cpus, kind.gpus) for kind in kinds for _ in range(kind.count)]
    capacity = cluster_capacity()
    kinds += [
        Machines("may come", node.cpu, node.gpu, min(count, capacity.most))
        for node, count in capacity.coming
        if min(count, capacity.most)
    ]
    facts = _outline(plan, kinds, len(up) + capacity.most, up, f"--address {address}")
    facts["cluster"]["notes"] = [GPU_NOTE] if facts["resources"]["gpu"] else []
    return facts


def _outline(
    plan: Plan, kinds: Sequence[Machines], limit: int, up: Sequence[Node], what: str
) -> dict[str, Any]:
    nodes = [Node(kind.cpus, kind.gpus) for kind in kinds]
    counts = [kind.count for kind in kinds]
    capacity = Capacity((), tuple(zip(nodes, counts, strict=True)), limit)
    try:
        each = choose_resources(plan.sweep.resources, capacity)
    except InputError as error:
        raise InputError([f"{what}: {problem}" for problem in error.problems]) from None
    room = _concurrent([node.max_concurrent(each) for node in nodes], kinds, limit, plan.total)
    groups = outline(plan, place=Place(each, room, tuple(up)))["groups"]
    tasks = len(groups) or plan.total
    each = widen_gpu_share(each, tasks, capacity)
    fit = [node.max_concurrent(each) for node in nodes]
    facts = outline(plan, place=Place(each, _concurrent(fit, kinds, limit, tasks), tuple(up)))
    tasks = len(facts["groups"]) or plan.total
    facts["resources"]["trials_at_once"] = min(facts["resources"]["trials_at_once"], tasks)
    rows = zip(kinds, fit, _used(fit, kinds, limit, tasks), strict=True)
    facts["cluster"] = {
        "machines": [
            {
                "name": kind.name,
                "cpus": kind.cpus,
                "gpus": kind.gpus,
                "used": used,
                "most": kind.count,
                "trials_at_once": n,
                "usd_an_hour": kind.price,
            }
            for kind, n, used in rows
        ]
    }
    return facts


def _concurrent(fit: Sequence[int], kinds: Sequence[Machines], limit: int, tasks: int) -> int:
    """Number of concurrent trials."""
    return sum(a * b for a, b in zip(fit, _used(fit, kinds, limit, tasks), strict=True))


def _used(fit: Sequence[int], kinds: Sequence[Machines], limit: int, tasks: int) -> list[int]:
    """Number of machines of each kind that trials occupy: by priority, then by price per trial.

    Args:
        fit: Concurrent trials per machine of each kind.
        kinds: The machines, some of which are always up.
        limit: Maximum number of machines of all kinds.
        tasks: Number of trials or groups.
    """

    def order(i: int) -> tuple[float, float]:
        return (-kinds[i].priority, (kinds[i].price or 0.0) / (fit[i] or 1))

    used = [kind.least for kind in kinds]
    tasks -= sum(n * count for n, count in zip(fit, used, strict=True))
    limit -= sum(used)
    for i in sorted(range(len(kinds)), key=order):
        if tasks > 0 and fit[i]:
            more = min(limit, kinds[i].count - kinds[i].least, -(-tasks // fit[i]))
            used[i] += more
            limit -= more
            tasks -= more * fit[i]
    return used


def _price(cluster: ClusterFile, used: Mapping[str, int], seconds: float) -> dict[str, Any]:
    """Price of the machines for a time, with the head, and the idle minutes of workers after it."""
    an_hour = hourly(cluster, used)
    workers = hourly(cluster, {node.name: used.get(node.name, 0) for node in cluster.workers})
    total = None
    if an_hour is not None and workers is not None:
        total = round(an_hour * seconds / 3600 + workers * cluster.idle_minutes / 60, 2)
    gpu = any(node.gpus and used.get(node.name) for node in cluster.nodes)
    notes = [*([GPU_NOTE] if gpu else []), CHOICE_NOTE, *price_notes(cluster)]
    return {"file": str(cluster.path), "usd_an_hour": an_hour, "usd": total, "notes": notes}
