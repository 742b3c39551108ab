"""Rules for KubeRay manifests: what KubeRay rejects, and what sweeps need."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tune_mc1.cluster.files.exposed_secrets import secret_problems
from tune_mc1.cluster.files.findings import advice, fault
from tune_mc1.cluster.files.kuberay_file import CLUSTERS, JOBS, KUBERAY, at, grows
from tune_mc1.cluster.files.kuberay_operator import operator_problems
from tune_mc1.cluster.files.kuberay_schema import definition_problems
from tune_mc1.cluster.files.node_types import ClusterFile, NodeType, items, mapping
from tune_mc1.cluster.files.versions import (
    Named,
    image_problems,
    image_versions,
    shared_version_problems,
)
from tune_mc1.config.problems import Path as KeyPath
from tune_mc1.config.problems import Problem
from tune_mc1.config.yaml_file import YamlFile
from tune_mc1.planning.resources import WORKERS


def document_problems(file: YamlFile) -> Iterator[Problem]:
    """Why KubeRay would reject a manifest; only its own kinds are checked.

    Args:
        file: The manifest.
    """
    if str(file.content.get("apiVersion", "")).startswith(KUBERAY):
        yield from definition_problems(file.content)
        yield from operator_problems(file.content)


def kuberay_problems(cluster: ClusterFile, file: YamlFile) -> Iterator[Problem]:
    """What a sweep lacks in a manifest, and what is unsafe.

    Args:
        cluster: The cluster that the file describes.
        file: The manifest.
    """
    yield from secret_problems(file.content)
    kind = str(file.content.get("kind"))
    spec = at(file.content, CLUSTERS.get(kind, ("spec",))) if kind in CLUSTERS else {}
    if spec:
        yield from _cluster(spec, CLUSTERS[kind])
        yield from _workers(spec, CLUSTERS[kind], cluster)
        yield from _versions(spec, CLUSTERS[kind])
        for node in cluster.nodes:
            yield from _node(node, at(file.content, node.path))
    if kind in JOBS:
        yield from _existing_cluster(at(file.content, JOBS[kind]), JOBS[kind], cluster)
    if kind == "RayService":
        rule = (
            "serves models: the operator replaces its cluster whenever the service changes, and "
            "a sweep there ends; a RayCluster or RayJob suits sweeps"
        )
        yield advice("kuberay-kinds", ("kind",), rule, kind)


def kuberay_notes(cluster: ClusterFile) -> list[str]:
    """Remarks on resources that are in order, but are not a cluster on which a sweep starts.

    Args:
        cluster: The manifests.
    """
    notes = []
    own = {mapping(d.content.get("metadata")).get("name") for d in cluster.documents
           if d.content.get("kind") == "RayCluster"}  # fmt: skip
    for file in cluster.documents:
        kind, name = (
            str(file.content.get("kind")),
            mapping(file.content.get("metadata")).get("name"),
        )
        if kind not in JOBS:
            continue
        job = at(file.content, JOBS[kind])
        there = mapping(job.get("clusterSelector")).get("ray.io/cluster")
        if there is not None and there not in own:
            notes.append(
                f"{kind} {name} runs on the RayCluster {there!r}, which is not in this file: its "
                "machines were not checked"
            )
        if kind == "RayCronJob":
            notes.append(
                f"RayCronJob {name} starts a new sweep each time; to go on with an earlier one, "
                "its entrypoint needs --resume"
            )
    return notes


def _cluster(spec: Mapping[str, Any], place: KeyPath) -> Iterator[Problem]:
    auth = mapping(spec.get("authOptions"))
    if auth.get("mode") != "token":
        rule = "should be token: anyone who can reach the head can run code on it"
        yield advice("token", (*place, "authOptions", "mode"), rule, auth.get("mode"))
    head = mapping(spec.get("headGroupSpec"))
    if head.get("serviceType", "ClusterIP") != "ClusterIP":
        rule = "should be ClusterIP, so that nothing is open to the world"
        where = (*place, "headGroupSpec", "serviceType")
        yield advice("open-ports", where, rule, head["serviceType"])
    if head.get("enableIngress") is True:
        rule = "should be false, so that nothing is open to the world"
        yield advice("open-ports", (*place, "headGroupSpec", "enableIngress"), rule, True)
    groups = list(map(mapping, items(spec.get("workerGroupSpecs"))))
    if not grows(spec) and any(
        "maxReplicas" in g and g["maxReplicas"] != g.get("replicas", g.get("minReplicas", 0))
        for g in groups
    ):
        rule = "should be true, or the groups stay at their replicas"
        yield advice("scaling", (*place, "enableInTreeAutoscaling"), rule)


def _workers(spec: Mapping[str, Any], place: KeyPath, cluster: ClusterFile) -> Iterator[Problem]:
    """The head should list its possible workers, as the autoscaler runs in another container."""
    counts = [mapping(g).get("maxReplicas") for g in items(spec.get("workerGroupSpecs"))]
    if not counts or not grows(spec) or not all(type(n) is int for n in counts):
        return
    groups = [n for n in cluster.workers if n.cpus is not None and n.gpus is not None]
    right = [{"cpu": _plain(n.cpus), "gpu": _plain(n.gpus), "most": n.most} for n in groups]
    pod = at(spec, ("headGroupSpec", "template", "spec"))
    variables = [
        mapping(v) for c in items(pod.get("containers")) for v in items(mapping(c).get("env"))
    ]
    value = next((v.get("value") for v in variables if v.get("name") == WORKERS), None)
    try:
        known = json.loads(str(value))
    except ValueError:
        known = None
    if known != right:
        rule = f"should list the possible workers for the head, {WORKERS}={json.dumps(right)}"
        where = (*place, "headGroupSpec", "template", "spec", "containers")
        yield advice("scaling", where, rule, value)


def _plain(number: float | None) -> float | None:
    return int(number) if number is not None and number == int(number) else number


def _versions(spec: Mapping[str, Any], place: KeyPath) -> Iterator[Problem]:
    named: list[Named] = []
    paths: list[KeyPath] = [("headGroupSpec",)]
    paths += [("workerGroupSpecs", i) for i in range(len(items(spec.get("workerGroupSpecs"))))]
    for group in paths:
        path: KeyPath = (*group, "template", "spec", "containers", 0)
        named += image_versions(str(at(spec, path).get("image")), (*place, *path, "image"))
    yield from shared_version_problems(named)
    told = spec.get("rayVersion")
    if told is not None and named and named[0].ray not in (None, told):
        rule = f"should be {named[0].ray}, as the head's image has: the operator goes by it"
        yield advice("versions", (*place, "rayVersion"), rule, told)


def _node(node: NodeType, group: Mapping[str, Any]) -> Iterator[Problem]:
    pod = mapping(mapping(group.get("template")).get("spec"))
    where: KeyPath = (*node.path, "template", "spec")
    for i, container in enumerate(map(mapping, items(pod.get("containers")))):
        here = (*where, "containers", i)
        resources = mapping(container.get("resources"))
        gpus = [mapping(resources.get(k)).get("nvidia.com/gpu") for k in ("requests", "limits")]
        if gpus[0] is not None and str(gpus[0]) != str(gpus[1]):
            rule = "must equal the request of nvidia.com/gpu"
            yield fault("machines", (*here, "resources", "limits", "nvidia.com/gpu"), rule, gpus[1])
        if i == 0:
            yield from image_problems(
                str(container.get("image", "")), (*here, "image"), bool(node.gpus)
            )
    if not node.head and not _writes(pod):
        rule = (
            "should name a service account, a Secret (envFrom) or a shared volume, so that results "
            "can be written"
        )
        yield advice("results", where, rule)


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


def _existing_cluster(
    spec: Mapping[str, Any], place: KeyPath, cluster: ClusterFile
) -> Iterator[Problem]:
    """A job that names another cluster than the one beside it."""
    names = [
        mapping(d.content.get("metadata")).get("name")
        for d in cluster.documents
        if d.content.get("kind") == "RayCluster"
    ]
    wanted = mapping(spec.get("clusterSelector")).get("ray.io/cluster")
    if names and wanted is not None and wanted not in names:
        rule = f"should be the RayCluster of this file, {names[0]!r}"
        yield advice("kuberay-kinds", (*place, "clusterSelector", "ray.io/cluster"), rule, wanted)
