"""What a cluster is made of, whatever file describes it."""

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
        path: Where it stands in the file.
        instance: The cloud's name of the machine type, or None.
        cpus: Cores that Ray gives to trials; None if the file does not say.
        gpus: GPUs; None if the file does not say.
        least: How many are always up.
        most: How many there can be.
        head: Whether it is the head, of which there is one.
        spot: Whether the cloud may take it back.
        price: USD an hour of one machine, approximate; None if not known.
        priority: Ray takes the higher one of types that suit equally well.
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
    """A cluster, as its file describes it.

    Attributes:
        path: The file.
        form: Whose file it is: Ray's launcher's or KubeRay's.
        provider: `aws`, `gcp`, `local`, ... as Ray names it, or `kuberay`.
        region: Where its machines are; None if not said.
        nodes: Its node types, the head first.
        max_workers: Machines beside the head, of all types together.
        idle_minutes: How long a worker without trials stays.
        documents: What the file says, a mapping a document.
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
        """The types that are not the head's."""
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
