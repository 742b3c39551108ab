"""Reading of KubeRay manifests: the machines of a RayCluster, or of a RayJob that includes one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tune_mc1.cluster.files.instance_types import find_type
from tune_mc1.cluster.files.node_types import ClusterFile, NodeType, count, items, mapping, number
from tune_mc1.config.problems import Path as KeyPath
from tune_mc1.config.yaml_file import YamlFile
from tune_mc1.errors import InputError

KUBERAY = "ray.io/"
"""Prefix of the `apiVersion` in KubeRay's manifests."""
INSTANCE_LABEL = "node.kubernetes.io/instance-type"
"""Label that clouds put on Kubernetes' nodes."""


def read_kuberay(path: Path, documents: tuple[YamlFile, ...]) -> ClusterFile:
    """Reads manifests for KubeRay.

    Args:
        path: The file.
        documents: Its content.

    Raises:
        InputError: If it does not describe a cluster.
    """
    spec, place = cluster_spec(documents)
    if spec is None:
        raise InputError(f"{path}: must have a RayCluster, or a RayJob with a rayClusterSpec")
    nodes = [_pod_node("head", (*place, "headGroupSpec"), mapping(spec.get("headGroupSpec")), True)]
    for i, group in enumerate(map(mapping, items(spec.get("workerGroupSpecs")))):
        name = str(group.get("groupName", i))
        nodes.append(_pod_node(name, (*place, "workerGroupSpecs", i), group, False))
    options = mapping(spec.get("autoscalerOptions"))
    seconds = number(options.get("idleTimeoutSeconds"))
    most = sum(node.most for node in nodes[1:])
    idle = 1 if seconds is None else seconds / 60
    return ClusterFile(path, "kuberay", "kuberay", None, tuple(nodes), most, idle, documents)


def cluster_spec(
    documents: tuple[YamlFile, ...],
) -> tuple[Mapping[str, Any] | None, KeyPath]:
    """The first RayCluster specification in manifests, and its path; None without one."""
    for file in documents:
        spec = mapping(file.content.get("spec"))
        if file.content.get("kind") == "RayCluster":
            return spec, ("spec",)
        if file.content.get("kind") == "RayJob" and "rayClusterSpec" in spec:
            return mapping(spec["rayClusterSpec"]), ("spec", "rayClusterSpec")
    return None, ()


def _pod_node(name: str, place: KeyPath, group: Mapping[str, Any], head: bool) -> NodeType:
    pod = mapping(mapping(group.get("template")).get("spec"))
    container = next(iter(map(mapping, items(pod.get("containers")))), {})
    resources = mapping(container.get("resources"))
    asked = {**mapping(resources.get("requests")), **mapping(resources.get("limits"))}
    params = mapping(group.get("rayStartParams"))
    instance = mapping(pod.get("nodeSelector")).get(INSTANCE_LABEL)
    known = find_type("aws", instance) or find_type("gcp", instance)
    cpus = quantity(params.get("num-cpus", asked.get("cpu")))
    gpus = quantity(params.get("num-gpus", asked.get("nvidia.com/gpu", 0)))
    return NodeType(
        name,
        place,
        instance,
        cpus,
        gpus,
        1 if head else count(group.get("minReplicas"), 0),
        1 if head else count(group.get("maxReplicas"), 1),
        head,
        price=None if known is None else known.price,
        priority=count(group.get("priority"), 0),
    )


def quantity(value: Any) -> float | None:
    """Parses a Kubernetes quantity of cores or GPUs, such as `500m`; None if it is not valid."""
    text = str(value)
    try:
        return float(text[:-1]) / 1000 if text.endswith("m") else float(text)
    except ValueError:
        return None
