"""Price of a cluster: idle, at full size, and with given numbers of machines."""

from collections.abc import Mapping
from dataclasses import dataclass

from tune_mc1.cluster.files.instance_types import PRICES_OF, REGIONS
from tune_mc1.cluster.files.node_types import ClusterFile


@dataclass(frozen=True)
class Price:
    """Approximate price of a cluster, in USD per hour.

    Attributes:
        idle: With only the machines that are always up; None if unknown.
        most: With as many machines as the file allows, the most expensive first; None if unknown.
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
    """USD per hour of some machines of a cluster; None if a price is unknown.

    Args:
        cluster: The cluster.
        counts: Number of machines by the name of their node type.
    """
    total = 0.0
    for node in cluster.nodes:
        if count := counts.get(node.name, 0):
            if node.price is None:
                return None
            total += count * node.price
    return round(total, 3)


def price_notes(cluster: ClusterFile) -> list[str]:
    """Caveats of the prices."""
    if cluster.provider == "local":
        return ["your own machines: price unknown"]
    unknown = [node.instance or node.name for node in cluster.nodes if node.price is None]
    notes = []
    if unknown:
        names = ", ".join(dict.fromkeys(unknown))
        notes.append(f"no price (and, for a cloud's machine type, no size) is known for: {names}")
    if len(unknown) < len(cluster.nodes):
        where = REGIONS.get(cluster.provider)  # type: ignore[call-overload]
        other = f", not {cluster.region}" if where and cluster.region not in (None, where) else ""
        places = where or " and ".join(REGIONS.values())
        notes.append(
            f"prices are approximate, as of {PRICES_OF} in {places}{other}; spot prices vary; "
            "disks, traffic and taxes are extra"
        )
    return notes
