"""What one trial gets of a cluster's nodes: how much, how many at once, spread over which GPUs."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tune_mc1.config.sweep import Resources
from tune_mc1.errors import InputError

TRIALS_PER_GPU = 4
"""Small networks leave a GPU mostly idle; more than this many contend for its scheduler."""

RAY_UNITS = 10_000
"""Ray counts resources in ten-thousandths, and rounds: seven times 1/7 would be more than one."""

ROUNDING = 1e-9

WORKERS = "TUNE_MC1_WORKERS"
"""Variable of the head with what may come where no autoscaler runs beside it, as on Kubernetes."""


@dataclass(frozen=True)
class TrialResources:
    """Resources of one trial.

    Attributes:
        cpu: Cores, possibly a fraction.
        gpu: GPUs, possibly a fraction.
    """

    cpu: float
    gpu: float

    @property
    def threads(self) -> int:
        """Threads that a trial computes with on the CPU."""
        return max(1, int(self.cpu))


@dataclass(frozen=True)
class Node:
    """What one node has for trials.

    Attributes:
        cpu: Cores as Ray counts them, at least 0.
        gpu: GPUs, at least 0.
    """

    cpu: float
    gpu: float = 0.0

    def slots(self, each: TrialResources) -> int:
        """How many trials the node holds: a trial is on one GPU, never on parts of two."""
        by_cpu = self.cpu / each.cpu if each.cpu else math.inf
        if not each.gpu:
            return int(by_cpu + ROUNDING)
        by_gpu = int(self.gpu + ROUNDING) * per_gpu(each)
        return int(min(by_cpu, by_gpu) + ROUNDING)


@dataclass(frozen=True)
class Capacity:
    """The nodes that a sweep may use.

    Attributes:
        up: Those that are there.
        coming: Those that Ray's autoscaler may start, each kind with its largest number.
        most: How many of those it may start in all.
    """

    up: tuple[Node, ...]
    coming: tuple[tuple[Node, int], ...] = ()
    most: int = 0

    @property
    def kinds(self) -> Iterator[Node]:
        """Every node that a trial could be on."""
        yield from self.up
        if self.most > 0:
            yield from (node for node, count in self.coming if count > 0)


def per_gpu(each: TrialResources) -> int:
    """How many trials share a GPU; only for trials that have a part of one."""
    return int(1 / each.gpu + ROUNDING)


def choose_resources(
    wanted: Resources | None, capacity: Capacity, wants_cpu: bool = False
) -> TrialResources:
    """Resources of each trial of a sweep.

    One thread a trial and as many trials at once as cores uses a CPU best; on a GPU several trials
    share one.

    Args:
        wanted: What the sweep file says; None chooses.
        capacity: The nodes.
        wants_cpu: Whether every trial asks for the CPU, so that no GPU is taken.

    Raises:
        InputError: If no node can ever hold such a trial.
    """
    nodes = list(capacity.kinds)
    if wanted is None:
        each = TrialResources(cpu=1, gpu=0)
        with_gpu = [node for node in nodes if node.gpu >= 1 and node.cpu >= 1]
        if with_gpu and not wants_cpu:
            cores = max(int(node.cpu // node.gpu) for node in with_gpu)
            each = TrialResources(cpu=1, gpu=1 / max(1, min(TRIALS_PER_GPU, cores)))
    else:
        each = TrialResources(cpu=wanted.cpu, gpu=wanted.gpu)
    if not any(node.slots(each) for node in nodes):
        raise InputError(_why_no_node(each, nodes))
    return each


def _why_no_node(each: TrialResources, nodes: list[Node]) -> str:
    most = {
        "cpu": (each.cpu, max((node.cpu for node in nodes), default=0.0)),
        "gpu": (each.gpu, max((node.gpu for node in nodes), default=0.0)),
    }
    for name, (need, there) in most.items():
        if need > there:
            rule = f"must be at most what one node has, or one that may come ({there:g})"
            return f"resources.{name}: {rule}, got {need:g}"
    have = "; ".join(f"{n.cpu:g} CPU and {n.gpu:g} GPU" for n in dict.fromkeys(nodes))
    return f"resources: must fit into one node ({have}), got {each.cpu:g} CPU and {each.gpu:g} GPU"


def slots(each: TrialResources, capacity: Capacity) -> int:
    """How many trials run at once when every node is there that may come; at least 1."""
    count, left = _sum(capacity.up, each), capacity.most
    for node, there in sorted(capacity.coming, key=lambda kind: -kind[0].slots(each)):
        come = min(left, there)
        count, left = count + come * node.slots(each), left - come
    return max(1, count)


def unslowed(each: TrialResources, at_once: int, up: Sequence[Node]) -> int:
    """Of some trials or groups at once, how many are as fast as alone.

    Those that share a GPU share its time, as a recorded step keeps it busy. GPUs that may come do
    not count: groups are not made smaller so that more of them are paid for.

    Args:
        each: What each has at least.
        at_once: How many run at once.
        up: The nodes that are there.
    """
    if not each.gpu:
        return at_once
    gpus = sum(min(int(node.gpu + ROUNDING), node.slots(each)) for node in up)
    return max(1, min(gpus, at_once))


def spread(
    each: TrialResources, trials: int, capacity: Capacity, free: Sequence[Node] | None = None
) -> TrialResources:
    """A larger part of a GPU for each trial, where there are fewer trials than slots.

    Ray spreads trials over nodes by itself, but within a node it fills one GPU after the other:
    four trials with a quarter each all share GPU 0. It cannot where they ask for more. So a trial
    asks for `1 / k` of a GPU, with the smallest `k` for which

    - as many trials run at once, on what is free now and, if that is too little for all of them,
      on the nodes as a whole, and
    - no more nodes have to come: to use a GPU that idles costs nothing, one that comes does.

    The fullest GPU then has `k` trials, the fewest possible. All trials ask for the same, so that
    any may take another's place, and for a part that divides a GPU: Ray adds up what is free on the
    GPUs of a node, and a trial would wait there for a part that no GPU of it has.

    Args:
        each: What a trial has at least.
        trials: How many, or groups, are left to run at once.
        capacity: The nodes.
        free: What nothing else has reserved of those that are up; None is all.
    """
    if not each.gpu:
        return each
    free = capacity.up if free is None else free
    rest = max(0, trials - _sum(free, each))
    for share in range(1, per_gpu(each) + 1):
        part = math.floor(RAY_UNITS / share) / RAY_UNITS
        larger = TrialResources(each.cpu, max(each.gpu, part))
        if (
            _sum(free, larger) >= min(trials, _sum(free, each))
            and (not rest or _sum(capacity.up, larger) >= _sum(capacity.up, each))
            and not _more_nodes(rest, capacity, larger, each)
        ):
            return larger
    return each


def _sum(nodes: Sequence[Node], each: TrialResources) -> int:
    return sum(node.slots(each) for node in nodes)


def _more_nodes(
    trials: int, capacity: Capacity, larger: TrialResources, each: TrialResources
) -> bool:
    """Whether more nodes of a kind would come for the trials if each asked for more."""
    kinds = [node for node, count in capacity.coming if count > 0 and node.slots(each)]
    return any(
        math.ceil(trials / node.slots(larger)) > math.ceil(trials / node.slots(each))
        for node in kinds
    )
