"""Node types of a cluster, from any form of cluster file."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tune_mc1.config.problems import Path as KeyPath
from tune_mc1.config.yaml_file import YamlFile


@dataclass(frozen=True)
class NodeType:
    """Machines of one kind in a cluster.

    Attributes:
        name: Its name in the file.
        path: Its path in the file.
        instance: The cloud's name for the machine type, or None.
        cpus: Cores that Ray gives to trials; None if the file does not specify them.
        gpus: GPUs; None if the file does not specify them.
        least: Minimum number of machines, which are always up.
        most: Maximum number of machines.
        head: Whether it is the head, which is a single machine.
        spot: Whether the cloud may reclaim it.
        price: Approximate USD per hour of one machine; None if unknown.
        priority: Of types that fit equally well, Ray chooses the one with the highest priority.
    """

    name: str
    path: KeyPath
    instance: str | None
    cpus: float | None
    gpus: float | None
    least: int
    most: int
    head: bool = False
    spot: bool = False
    price: float | None = None
    priority: int = 0


@dataclass(frozen=True)
class ClusterFile:
    """A cluster as described by its file.

    Attributes:
        path: The file.
        form: Kind of file: for Ray's launcher, or for KubeRay.
        provider: Ray's name for the provider (`aws`, `gcp`, `local`, ...), or `kuberay`.
        region: Region of its machines; None if not specified.
        nodes: Its node types, the head first.
        max_workers: Maximum number of machines of all types, without the head.
        idle_minutes: Minutes after which an idle worker is stopped.
        documents: Content of the file, one mapping per YAML document.
    """

    path: Path
    form: Literal["ray", "kuberay"]
    provider: str
    region: str | None
    nodes: tuple[NodeType, ...]
    max_workers: int
    idle_minutes: float
    documents: tuple[YamlFile, ...]

    @property
    def workers(self) -> list[NodeType]:
        """The node types of workers."""
        return [node for node in self.nodes if not node.head]


def mapping(value: Any) -> Mapping[str, Any]:
    """A value if it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """A value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def number(value: Any) -> float | None:
    """A value if it is a number, else None."""
    return None if isinstance(value, bool) or not isinstance(value, int | float) else value


def count(value: Any, default: int) -> int:
    """A value as a whole number if it is a number, else the default."""
    return default if (n := number(value)) is None else int(n)
