"""Resources of a trial on a cluster: its share, the number of concurrent trials, its GPU."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tune_mc1.config.resources import Resources
from tune_mc1.errors import InputError

TRIALS_PER_GPU = 4
"""Small networks leave a GPU mostly idle; more than this many contend for its scheduler."""

RAY_UNITS = 10_000
"""Ray counts resources in ten-thousandths, and rounds: seven times 1/7 would be more than one."""

ROUNDING = 1e-9

WORKERS = "TUNE_MC1_WORKERS"
"""Environment variable on the head node that lists the workers which may be started; for clusters
whose autoscaler does not run beside it, as on Kubernetes."""


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
    """Resources of one node that trials can use.

    Attributes:
        cpu: Cores as Ray counts them, at least 0.
        gpu: GPUs, at least 0.
    """

    cpu: float
    gpu: float = 0.0

    def max_concurrent(self, per_trial: TrialResources) -> int:
        """Maximum number of trials on the node; a trial uses one GPU, never parts of two."""
        by_cpu = self.cpu / per_trial.cpu if per_trial.cpu else math.inf
        if not per_trial.gpu:
            return int(by_cpu + ROUNDING)
        by_gpu = int(self.gpu + ROUNDING) * per_gpu(per_trial)
        return int(min(by_cpu, by_gpu) + ROUNDING)


@dataclass(frozen=True)
class Capacity:
    """The nodes that a sweep may use.

    Attributes:
        up: Nodes that are running.
        coming: Nodes that Ray's autoscaler may start: each kind with its maximum number.
        most: Maximum number of nodes that it may start in total.
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


def per_gpu(per_trial: TrialResources) -> int:
    """Number of trials that share a GPU; only for trials that use a fraction of one."""
    return int(1 / per_trial.gpu + ROUNDING)


def choose_resources(
    wanted: Resources | None, capacity: Capacity, wants_cpu: bool = False
) -> TrialResources:
    """Resources of each trial of a sweep.

    A CPU is used best by one thread per trial and as many concurrent trials as cores; several
    trials share a GPU.

    Args:
        wanted: What the sweep file says; None chooses.
        capacity: The nodes.
        wants_cpu: Whether every trial asks for the CPU, so that no GPU is taken.

    Raises:
        InputError: If no node can ever hold such a trial.
    """
    nodes = list(capacity.kinds)
    if wanted is None:
        per_trial = TrialResources(cpu=1, gpu=0)
        with_gpu = [node for node in nodes if node.gpu >= 1 and node.cpu >= 1]
        if with_gpu and not wants_cpu:
            cores = max(int(node.cpu // node.gpu) for node in with_gpu)
            per_trial = TrialResources(cpu=1, gpu=1 / max(1, min(TRIALS_PER_GPU, cores)))
    else:
        per_trial = TrialResources(cpu=wanted.cpu, gpu=wanted.gpu)
    if not any(node.max_concurrent(per_trial) for node in nodes):
        raise InputError(_why_no_node(per_trial, nodes))
    return per_trial


def _why_no_node(per_trial: TrialResources, nodes: list[Node]) -> str:
    most = {
        "cpu": (per_trial.cpu, max((node.cpu for node in nodes), default=0.0)),
        "gpu": (per_trial.gpu, max((node.gpu for node in nodes), default=0.0)),
    }
    for name, (need, there) in most.items():
        if need > there:
            rule = f"must be at most what one node has, or one that may come ({there:g})"
            return f"resources.{name}: {rule}, got {need:g}"
    have = "; ".join(f"{n.cpu:g} CPU and {n.gpu:g} GPU" for n in dict.fromkeys(nodes))
    asked = f"{per_trial.cpu:g} CPU and {per_trial.gpu:g} GPU"
    return f"resources: must fit into one node ({have}), got {asked}"


def max_concurrent(per_trial: TrialResources, capacity: Capacity) -> int:
    """Maximum number of concurrent trials once every possible node is up; at least 1."""
    count, left = _sum(capacity.up, per_trial), capacity.most
    for node, there in sorted(capacity.coming, key=lambda kind: -kind[0].max_concurrent(per_trial)):
        come = min(left, there)
        count, left = count + come * node.max_concurrent(per_trial), left - come
    return max(1, count)


def full_speed_slots(per_trial: TrialResources, at_once: int, up: Sequence[Node]) -> int:
    """Number of concurrent trials or groups that run at full speed, as if each were alone.

    Trials on one GPU share its time, as a recorded step keeps it busy. GPUs that have yet to be
    started do not count: groups are not split just to pay for more GPUs.

    Args:
        per_trial: Minimum resources of each trial or group.
        at_once: Number that run concurrently.
        up: Nodes that are running.
    """
    if not per_trial.gpu:
        return at_once
    gpus = sum(min(int(node.gpu + ROUNDING), node.max_concurrent(per_trial)) for node in up)
    return max(1, min(gpus, at_once))


def widen_gpu_share(
    per_trial: TrialResources, trials: int, capacity: Capacity, free: Sequence[Node] | None = None
) -> TrialResources:
    """Resources with a larger share of a GPU, where there are fewer trials than slots.

    Ray spreads trials over nodes by itself, but within a node it fills one GPU after the other:
    four trials with a quarter each would all share GPU 0. A larger request prevents that. So each
    trial asks for `1 / k` of a GPU, with the smallest `k` for which

    - as many trials run concurrently as before, on the free resources and, if those do not hold
      all trials, on the nodes as a whole, and
    - no more nodes are started: using an idle GPU costs nothing, starting another one does.

    The busiest GPU then runs `k` trials, the fewest possible. All trials ask for the same, so that
    any trial can replace any other, and for a share that divides a GPU: Ray adds up the free shares
    of all GPUs of a node, and a trial would wait for a share that no single GPU has.

    Args:
        per_trial: Minimum resources of each trial or group.
        trials: Number of trials or groups that are left to run.
        capacity: The nodes.
        free: Free resources of the running nodes; None for all of them.
    """
    if not per_trial.gpu:
        return per_trial
    free = capacity.up if free is None else free
    rest = max(0, trials - _sum(free, per_trial))
    for share in range(1, per_gpu(per_trial) + 1):
        part = math.floor(RAY_UNITS / share) / RAY_UNITS
        larger = TrialResources(per_trial.cpu, max(per_trial.gpu, part))
        if (
            _sum(free, larger) >= min(trials, _sum(free, per_trial))
            and (not rest or _sum(capacity.up, larger) >= _sum(capacity.up, per_trial))
            and not _more_nodes(rest, capacity, larger, per_trial)
        ):
            return larger
    return per_trial


def _sum(nodes: Sequence[Node], per_trial: TrialResources) -> int:
    return sum(node.max_concurrent(per_trial) for node in nodes)


def _more_nodes(
    trials: int, capacity: Capacity, larger: TrialResources, per_trial: TrialResources
) -> bool:
    """True if more nodes of a kind would be started for the trials if each asked for more."""
    kinds = [
        node for node, count in capacity.coming if count > 0 and node.max_concurrent(per_trial)
    ]
    return any(
        math.ceil(trials / node.max_concurrent(larger))
        > math.ceil(trials / node.max_concurrent(per_trial))
        for node in kinds
    )
