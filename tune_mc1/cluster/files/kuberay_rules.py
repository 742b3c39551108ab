"""Rules for KubeRay manifests: fields of KubeRay and Kubernetes, and requirements of a sweep."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from typing import Any

from tune_mc1.cluster.files.exposed_secrets import secret_problems
from tune_mc1.cluster.files.json_schema import schema_problems
from tune_mc1.cluster.files.kuberay_file import KUBERAY, cluster_spec
from tune_mc1.cluster.files.kuberay_schema import RESOURCES
from tune_mc1.cluster.files.node_types import ClusterFile, NodeType, items, mapping
from tune_mc1.cluster.files.versions import Versions, image_problems
from tune_mc1.config.problems import Path as KeyPath
from tune_mc1.config.problems import Problem
from tune_mc1.config.yaml_file import YamlFile
from tune_mc1.errors import did_you_mean
from tune_mc1.planning.resources import WORKERS


def has_kubernetes_schema() -> bool:
    """True if Kubernetes' own schema is installed, to validate pod templates."""
    return find_spec("kubernetes_validate") is not None


def document_problems(file: YamlFile) -> Iterator[Problem]:
    """Schema violations of a manifest; only KubeRay's kinds are checked.

    Args:
        file: The manifest.
    """
    kind = file.content.get("kind")
    if not str(file.content.get("apiVersion", "")).startswith(KUBERAY):
        return
    if kind not in RESOURCES:
        rule = f"must be one of {', '.join(RESOURCES)}{did_you_mean(str(kind), RESOURCES)}"
        yield Problem(("kind",), rule, kind)
        return
    yield from schema_problems(file.content, RESOURCES[kind])
    if has_kubernetes_schema():
        for template, path in _pod_templates(file.content):
            schema, registry = _pod_schema()
            yield from schema_problems(template, schema, path, registry)


def kuberay_problems(cluster: ClusterFile, file: YamlFile, ours: Versions) -> Iterator[Problem]:
    """Violations of a sweep's requirements in a manifest.

    Args:
        cluster: The cluster that the file describes.
        file: The manifest.
        ours: The versions that images must match.
    """
    yield from secret_problems(file.content)
    spec, place = cluster_spec((file,))
    if spec is not None:
        yield from _cluster(spec, place, ours)
        yield from _workers(spec, place, cluster)
        for node in cluster.nodes:
            yield from _node(node, _at(file.content, node.path), spec)
    if file.content.get("kind") == "RayJob":
        yield from _job(mapping(file.content.get("spec")), cluster)


def _cluster(spec: Mapping[str, Any], place: KeyPath, ours: Versions) -> Iterator[Problem]:
    version = spec.get("rayVersion")
    if version != ours.ray:
        yield Problem((*place, "rayVersion"), f"must be {ours.ray} as here", version)
    auth = mapping(spec.get("authOptions"))
    if auth.get("mode", "token" if auth else None) != "token":
        rule = "must be token: anyone who can reach the head could run code on it"
        yield Problem((*place, "authOptions", "mode"), rule, auth.get("mode"))
    head = mapping(spec.get("headGroupSpec"))
    if head.get("serviceType", "ClusterIP") != "ClusterIP":
        rule = "must be ClusterIP, so that nothing is open to the world"
        yield Problem((*place, "headGroupSpec", "serviceType"), rule, head["serviceType"])
    if head.get("enableIngress") is True:
        rule = "must be false, so that nothing is open to the world"
        yield Problem((*place, "headGroupSpec", "enableIngress"), rule, True)
    groups = list(map(mapping, items(spec.get("workerGroupSpecs"))))
    grows = any(g.get("maxReplicas", 0) != g.get("minReplicas", 0) for g in groups)
    if grows and spec.get("enableInTreeAutoscaling") is not True:
        rule = "must be true, or the groups are never scaled"
        yield Problem((*place, "enableInTreeAutoscaling"), rule)


def _workers(spec: Mapping[str, Any], place: KeyPath, cluster: ClusterFile) -> Iterator[Problem]:
    """The head must list its possible workers, as Ray's autoscaler runs in another container."""
    counts = [mapping(g).get("maxReplicas") for g in items(spec.get("workerGroupSpecs"))]
    if spec.get("enableInTreeAutoscaling") is not True or not all(type(n) is int for n in counts):
        return
    groups = [n for n in cluster.workers if n.cpus is not None and n.gpus is not None]
    right = [{"cpu": _plain(n.cpus), "gpu": _plain(n.gpus), "most": n.most} for n in groups]
    pod = mapping(mapping(mapping(spec.get("headGroupSpec")).get("template")).get("spec"))
    variables = [
        mapping(v) for c in items(pod.get("containers")) for v in items(mapping(c).get("env"))
    ]
    value = next((v.get("value") for v in variables if v.get("name") == WORKERS), None)
    try:
        known = json.loads(str(value))
    except ValueError:
        known = None
    if known != right:
        rule = f"must list the possible workers for the head, {WORKERS}={json.dumps(right)}"
        yield Problem((*place, "headGroupSpec", "template", "spec", "containers"), rule, value)


def _plain(number: float | None) -> float | None:
    return int(number) if number is not None and number == int(number) else number


def _node(node: NodeType, group: Mapping[str, Any], spec: Mapping[str, Any]) -> Iterator[Problem]:
    pod = mapping(mapping(group.get("template")).get("spec"))
    where: KeyPath = (*node.path, "template", "spec")
    v2 = mapping(spec.get("autoscalerOptions")).get("version", "v2") == "v2"
    if spec.get("enableInTreeAutoscaling") is True and v2:
        policy = pod.get("restartPolicy", "Never")
        if policy != "Never":
            rule = "must be Never with autoscaler v2, which replaces pods itself"
            yield Problem((*where, "restartPolicy"), rule, policy)
    for i, container in enumerate(map(mapping, items(pod.get("containers")))):
        here = (*where, "containers", i)
        resources = mapping(container.get("resources"))
        gpus = [mapping(resources.get(k)).get("nvidia.com/gpu") for k in ("requests", "limits")]
        if gpus[0] is not None and gpus[0] != gpus[1]:
            rule = "must equal the request of nvidia.com/gpu"
            yield Problem((*here, "resources", "limits", "nvidia.com/gpu"), rule, gpus[1])
        version = Versions(ray=str(spec.get("rayVersion")))
        image = str(container.get("image", ""))
        yield from image_problems(image, (*here, "image"), bool(node.gpus), version)
    if not node.head and not _writes(pod):
        rule = (
            "must name a service account, a Secret (envFrom) or a shared volume, so that results "
            "can be written"
        )
        yield Problem(where, rule)


def _writes(pod: Mapping[str, Any]) -> bool:
    """True if a pod can write to storage that outlives it."""
    shared = {"persistentVolumeClaim", "nfs", "csi"}
    volumes = any(shared & mapping(v).keys() for v in items(pod.get("volumes")))
    containers = list(map(mapping, items(pod.get("containers"))))
    secrets = any("secretRef" in mapping(e) for c in containers for e in items(c.get("envFrom")))
    keys = any(
        "secretKeyRef" in mapping(mapping(e).get("valueFrom"))
        for c in containers
        for e in items(c.get("env"))
    )
    return volumes or secrets or keys or "serviceAccountName" in pod


def _job(spec: Mapping[str, Any], cluster: ClusterFile) -> Iterator[Problem]:
    """Fields of a RayJob that KubeRay's operator rejects (`ValidateRayJobSpec`), or wrong names."""
    selector = mapping(spec.get("clusterSelector"))
    if not selector and "rayClusterSpec" not in spec:
        yield Problem(("spec", "clusterSelector"), "is required without a rayClusterSpec")
    if selector and spec.get("suspend") is True:
        yield Problem(("spec", "suspend"), "must not be true with a clusterSelector", True)
    names = [
        mapping(d.content.get("metadata")).get("name")
        for d in cluster.documents
        if d.content.get("kind") == "RayCluster"
    ]
    wanted = selector.get("ray.io/cluster")
    if names and wanted is not None and wanted not in names:
        rule = f"must be the RayCluster of this file, {names[0]!r}"
        yield Problem(("spec", "clusterSelector", "ray.io/cluster"), rule, wanted)
    if not spec.get("entrypoint") and spec.get("submissionMode") != "InteractiveMode":
        yield Problem(("spec", "entrypoint"), "is required: the command of the sweep")
    if spec.get("ttlSecondsAfterFinished") and spec.get("shutdownAfterJobFinishes") is not True:
        rule = "requires shutdownAfterJobFinishes: true"
        yield Problem(("spec", "ttlSecondsAfterFinished"), rule)


def _at(value: Any, path: KeyPath) -> Mapping[str, Any]:
    for key in path:
        if isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            value = mapping(value).get(str(key))
    return mapping(value)


def _pod_templates(content: Mapping[str, Any]) -> Iterator[tuple[Any, KeyPath]]:
    spec, place = mapping(content.get("spec")), ("spec",)
    if "submitterPodTemplate" in spec:
        yield spec["submitterPodTemplate"], (*place, "submitterPodTemplate")
    inner, where = (spec, place)
    if "rayClusterSpec" in spec:
        inner, where = mapping(spec["rayClusterSpec"]), (*place, "rayClusterSpec")  # type: ignore[assignment]
    groups = [(mapping(inner.get("headGroupSpec")), (*where, "headGroupSpec"))]
    for i, group in enumerate(items(inner.get("workerGroupSpecs"))):
        groups.append((mapping(group), (*where, "workerGroupSpecs", i)))  # type: ignore[arg-type]
    for group, path in groups:
        if "template" in group:
            yield group["template"], (*path, "template")


@cache
def _pod_schema() -> tuple[Any, Any]:
    """Kubernetes' schema of a pod template, strict on unknown fields, and its references."""
    from kubernetes_validate.utils import latest_version, schema_contents
    from referencing import Registry, Resource

    version = latest_version()
    folder = f"kubernetes-json-schema/v{version}-local-strict"
    schema = schema_contents(f"{folder}/podtemplatespec-v1.json", version)
    definitions = schema_contents(f"{folder}/_definitions.json", version)
    resources = [Resource.from_contents(definitions), Resource.from_contents(schema)]
    return schema, resources @ Registry()
