"""Reading of cluster files: the machines in a file for Ray's launcher or manifests for KubeRay.

Reading is lenient, as `tune_mc1.cluster.files.check` reports the mistakes: missing or malformed
fields count as not specified.
"""

from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

from tune_mc1.cluster.files.instance_types import ADDED_GPUS, find_type
from tune_mc1.cluster.files.kuberay_file import KUBERAY, read_kuberay
from tune_mc1.cluster.files.node_types import ClusterFile, NodeType, count, items, mapping, number
from tune_mc1.config.yaml_file import YamlFile, read_documents
from tune_mc1.errors import InputError


def read_cluster(path: Path) -> ClusterFile:
    """Reads a cluster file of either form.

    Args:
        path: The file.

    Raises:
        InputError: If it cannot be read, or does not describe a cluster.
    """
    documents = tuple(read_documents(path))
    if any(str(d.content.get("apiVersion", "")).startswith(KUBERAY) for d in documents):
        return read_kuberay(path, documents)
    (first, *more) = documents
    if more or not {"cluster_name", "provider"} & first.content.keys():
        raise InputError(
            f"{path}: must be a cluster file for Ray's launcher (cluster_name, provider, ...) or "
            "manifests for KubeRay (apiVersion: ray.io/v1), got other content"
        )
    return _launcher(path, first)


def ray_autoscaler() -> Path:
    """Folder of Ray's autoscaler, found without importing Ray, which takes seconds."""
    spec = find_spec("ray")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(next(iter(spec.submodule_search_locations))) / "autoscaler"


def _with_defaults(file: YamlFile) -> YamlFile:
    """A launcher's file with the defaults of its provider, as Ray fills them in: by top-level key.

    Ray's default for `cluster_name` is left out, as every file should have its own.
    """
    kind = str(mapping(file.content.get("provider")).get("type", ""))
    path = ray_autoscaler() / kind / "defaults.yaml"
    if not kind.isalnum() or not path.is_file():
        return file
    defaults = mapping(yaml.safe_load(path.read_text()))
    kept = {key: value for key, value in defaults.items() if key != "cluster_name"}
    return replace(file, content={**kept, **file.content})


def _launcher(path: Path, file: YamlFile) -> ClusterFile:
    file = _with_defaults(file)
    content = file.content
    provider = mapping(content.get("provider"))
    kind = str(provider.get("type", ""))
    workers = items(provider.get("worker_ips"))
    limit = count(content.get("max_workers"), len(workers) if kind == "local" else 2)
    if kind == "local":
        place = ("provider",)
        nodes = [NodeType("head", place, str(provider.get("head_ip")), None, None, 1, 1, head=True)]
        if workers:
            most = min(limit, len(workers))
            nodes.append(NodeType("workers", place, None, None, None, most, most))
    else:
        types = mapping(content.get("available_node_types"))
        head = content.get("head_node_type")
        nodes = [_cloud_node(kind, n, mapping(t), n == head, limit) for n, t in types.items()]
        nodes.sort(key=lambda node: not node.head)
    idle = number(content.get("idle_timeout_minutes"))
    region = next((str(provider[k]) for k in ("region", "location") if k in provider), None)
    return ClusterFile(
        path, "ray", kind, region, tuple(nodes), limit, 5 if idle is None else idle, (file,)
    )


def _cloud_node(
    provider: str, name: str, kind: Mapping[str, Any], head: bool, limit: int
) -> NodeType:
    config = mapping(kind.get("node_config"))
    arm = mapping(config.get("azure_arm_parameters"))
    instance = config.get("InstanceType") or config.get("machineType") or arm.get("vmSize")
    instance = str(instance).rpartition("/")[2] if instance else None
    known = find_type(provider, instance)
    resources = mapping(kind.get("resources"))
    added, added_price, added_spot = added_gpus(config)
    cpus, gpus = number(resources.get("CPU")), number(resources.get("GPU"))
    if known is not None:
        cpus = known.cpus if cpus is None else cpus
        gpus = known.gpus + added if gpus is None else gpus
    spot = is_spot(config)
    price = None
    if known is not None:
        price = known.spot + added_spot if spot else known.price + added_price
    most = 1 if head else min(limit, count(kind.get("max_workers"), limit))
    return NodeType(
        name,
        ("available_node_types", name),
        instance,
        cpus,
        gpus if gpus is not None or cpus is None else 0.0,
        1 if head else count(kind.get("min_workers"), 0),
        most,
        head,
        spot,
        price,
        count(kind.get("priority"), 0),
    )


def is_spot(config: Mapping[str, Any]) -> bool:
    """True if the cloud may reclaim a machine with this `node_config`."""
    market = mapping(config.get("InstanceMarketOptions")).get("MarketType")
    if mapping(config.get("azure_arm_parameters")).get("priority") == "Spot":
        return True
    schedule = config.get("scheduling")
    rules = [mapping(rule) for rule in (items(schedule) or [schedule])]
    return market == "spot" or any(
        rule.get("preemptible") is True or rule.get("provisioningModel") == "SPOT" for rule in rules
    )


def added_gpus(config: Mapping[str, Any]) -> tuple[float, float, float]:
    """Number of GPUs that GCP attaches to a machine, and their total USD per hour.

    Returns:
        The number, the price on demand and the price on spot.
    """
    count = price = spot = 0.0
    for entry in map(mapping, items(config.get("guestAccelerators"))):
        each = ADDED_GPUS.get(str(entry.get("acceleratorType")).rpartition("/")[2], (0.0, 0.0))
        n = number(entry.get("acceleratorCount")) or 0.0
        count, price, spot = count + n, price + n * each[0], spot + n * each[1]
    return count, price, spot
