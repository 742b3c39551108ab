"""Reading of KubeRay manifests: machines of a RayCluster, or of a resource that includes one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tune_mc1.cluster.files.instance_types import INSTANCE_TYPES, find_type
from tune_mc1.cluster.files.node_types import ClusterFile, NodeType, count, items, mapping, number
from tune_mc1.config.problems import Path as KeyPath
from tune_mc1.config.yaml_file import YamlFile

KUBERAY = "ray.io/"
"""Prefix of the `apiVersion` in KubeRay's manifests."""
INSTANCE_LABEL = "node.kubernetes.io/instance-type"
"""Label that clouds put on Kubernetes' nodes."""


CLUSTERS: dict[str, KeyPath] = {
    "RayCluster": ("spec",),
    "RayJob": ("spec", "rayClusterSpec"),
    "RayService": ("spec", "rayClusterConfig"),
    "RayCronJob": ("spec", "jobTemplate", "rayClusterSpec"),
}
"""Path of the cluster's specification in each kind of resource."""
ANY_NUMBER = 1000
"""Stands for a group without a limit, which no cluster of Kubernetes has room for."""
JOBS: dict[str, KeyPath] = {"RayJob": ("spec",), "RayCronJob": ("spec", "jobTemplate")}
"""Path of the job's specification in each kind of resource that has one."""


def read_kuberay(path: Path, documents: tuple[YamlFile, ...]) -> ClusterFile:
    """Reads manifests for KubeRay; without node types if they describe no cluster.

    Args:
        path: The file.
        documents: Its content.
    """
    spec, place = cluster_spec(documents)
    if spec is None:
        return ClusterFile(path, "kuberay", "kuberay", None, (), 0, 1, documents)
    growing = grows(spec)
    head = mapping(spec.get("headGroupSpec"))
    nodes = [_pod_node("head", (*place, "headGroupSpec"), head, True, growing)]
    for i, group in enumerate(map(mapping, items(spec.get("workerGroupSpecs")))):
        name = str(group.get("groupName", i))
        nodes.append(_pod_node(name, (*place, "workerGroupSpecs", i), group, False, growing))
    options = mapping(spec.get("autoscalerOptions"))
    seconds = number(options.get("idleTimeoutSeconds"))
    most = sum(node.most for node in nodes[1:])
    idle = 1 if seconds is None else seconds / 60
    return ClusterFile(path, "kuberay", "kuberay", None, tuple(nodes), most, idle, documents)


def cluster_spec(
    documents: tuple[YamlFile, ...],
) -> tuple[Mapping[str, Any] | None, KeyPath]:
    """The first specification of a cluster in manifests, and its path; None without one."""
    for file in documents:
        place = CLUSTERS.get(str(file.content.get("kind")))
        spec = None if place is None else at(file.content, place)
        if place is not None and spec:
            return spec, place
    return None, ()


def at(value: Any, path: KeyPath) -> Mapping[str, Any]:
    """The mapping at a path of a manifest; empty if there is none."""
    for key in path:
        if isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            value = mapping(value).get(str(key))
    return mapping(value)


def grows(spec: Mapping[str, Any]) -> bool:
    """True if the autoscaler adds and removes workers of a cluster."""
    return spec.get("enableInTreeAutoscaling") is True


def _pod_node(
    name: str, place: KeyPath, group: Mapping[str, Any], head: bool, growing: bool
) -> NodeType:
    hosts = max(count(group.get("numOfHosts"), 1), 1)
    pod = mapping(mapping(group.get("template")).get("spec"))
    container = next(iter(map(mapping, items(pod.get("containers")))), {})
    resources = mapping(container.get("resources"))
    asked = {**mapping(resources.get("requests")), **mapping(resources.get("limits"))}
    params = mapping(group.get("rayStartParams"))
    instance = mapping(pod.get("nodeSelector")).get(INSTANCE_LABEL)
    found = (find_type(cloud, instance) for cloud in INSTANCE_TYPES)
    known = next((kind for kind in found if kind is not None), None)
    cpus = quantity(params.get("num-cpus", asked.get("cpu")))
    gpus = quantity(params.get("num-gpus", asked.get("nvidia.com/gpu", 0)))
    fixed = count(group.get("replicas"), count(group.get("minReplicas"), 0))
    least = most = fixed * hosts
    if growing:
        least = count(group.get("minReplicas"), 0) * hosts
        most = count(group.get("maxReplicas"), ANY_NUMBER) * hosts
    return NodeType(
        name,
        place,
        instance,
        cpus,
        gpus,
        1 if head else least,
        1 if head else most,
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
