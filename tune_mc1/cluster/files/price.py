"""What a cluster costs: while nothing runs, at most, and for some machines over some time."""

from collections.abc import Mapping
from dataclasses import dataclass

from tune_mc1.cluster.files.instance_types import PRICES_OF, REGIONS
from tune_mc1.cluster.files.node_types import ClusterFile


@dataclass(frozen=True)
class Price:
    """USD an hour of a cluster, approximate.

    Attributes:
        idle: With nothing but what is always up; None if not known.
        most: With as many machines as the file allows, the dearest first; None if not known.
    """

    idle: float | None
    most: float | None


def price_of(cluster: ClusterFile) -> Price:
    """The price of a cluster file."""
    least = {node.name: node.least for node in cluster.nodes}
    left = cluster.max_workers
    most = {node.name: node.most for node in cluster.nodes if node.head}
    for node in sorted(cluster.workers, key=lambda node: -(node.price or 0)):
        most[node.name] = min(left, node.most)
        left -= most[node.name]
    return Price(hourly(cluster, least), hourly(cluster, most))


def hourly(cluster: ClusterFile, counts: Mapping[str, int]) -> float | None:
    """USD an hour of some machines of a cluster; None where a price is not known.

    Args:
        cluster: The cluster.
        counts: Machines by the name of their node type.
    """
    total = 0.0
    for node in cluster.nodes:
        if count := counts.get(node.name, 0):
            if node.price is None:
                return None
            total += count * node.price
    return round(total, 3)


def price_notes(cluster: ClusterFile) -> list[str]:
    """What the prices cannot know."""
    if cluster.provider == "local":
        return ["machines of your own: no price is known"]
    unknown = [node.instance or node.name for node in cluster.nodes if node.price is None]
    notes = []
    if unknown:
        names = ", ".join(dict.fromkeys(unknown))
        notes.append(f"no price, and for a cloud's machine no size, is known of: {names}")
    if len(unknown) < len(cluster.nodes):
        where = REGIONS.get(cluster.provider)  # type: ignore[call-overload]
        other = (
            f", not of {cluster.region}" if where and cluster.region not in (None, where) else ""
        )
        places = where or " and ".join(REGIONS.values())
        notes.append(
            f"prices are approximate, of {PRICES_OF} in {places}{other}; spot prices move; disks, "
            "traffic and taxes come on top"
        )
    return notes
