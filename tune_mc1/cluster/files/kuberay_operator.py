"""What KubeRay's operator rejects in a resource that its definitions accept (release 1.7).

An API server takes such a manifest, and the operator then only reports an event. `ValidateRay...`
in its sources has the rules; those behind feature gates are not repeated here.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tune_mc1.cluster.files.findings import fault
from tune_mc1.cluster.files.kuberay_file import CLUSTERS, JOBS, at, grows
from tune_mc1.cluster.files.node_types import items, mapping, number
from tune_mc1.config.problems import Path as KeyPath
from tune_mc1.config.problems import Problem
from tune_mc1.errors import did_you_mean

_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_LONGEST = {"RayCluster": 53, "RayJob": 47, "RayService": 47, "RayCronJob": 36}
_V2 = "RAY_enable_autoscaler_v2"
_MODES = ("K8sJobMode", "HTTPMode", "InteractiveMode", "SidecarMode")
_RESOURCES = ("num-cpus", "num-gpus", "memory", "resources")


def operator_problems(content: Mapping[str, Any]) -> Iterator[Problem]:
    """Why the operator would not act on a manifest.

    Args:
        content: A manifest that its definitions accept.
    """
    kind = str(content.get("kind"))
    if kind not in CLUSTERS:
        return
    name = mapping(content.get("metadata")).get("name")
    if isinstance(name, str) and (not _NAME.fullmatch(name) or len(name) > _LONGEST[kind]):
        rule = (
            f"must be at most {_LONGEST[kind]} lower-case letters, digits and '-', a letter first"
        )
        yield fault("fields", ("metadata", "name"), rule, name)
    if kind in JOBS:
        yield from _job(at(content, JOBS[kind]), JOBS[kind])
    if spec := at(content, CLUSTERS[kind]):
        yield from _cluster(spec, CLUSTERS[kind])


def _cluster(spec: Mapping[str, Any], place: KeyPath) -> Iterator[Problem]:
    yield from _token(spec, place)
    version_2 = mapping(spec.get("autoscalerOptions")).get("version") == "v2"
    groups = [(mapping(spec.get("headGroupSpec")), (*place, "headGroupSpec"))]
    for i, group in enumerate(map(mapping, items(spec.get("workerGroupSpecs")))):
        here: KeyPath = (*place, "workerGroupSpecs", i)
        groups.append((group, here))
        yield from _group(group, here, spec, version_2)
    for group, where in groups:
        params = mapping(group.get("rayStartParams"))
        if mapping(group.get("resources")) and any(params.get(key) for key in _RESOURCES):
            rule = "must not give resources that rayStartParams gives too"
            yield fault("fields", (*where, "resources"), rule)
        if "labels" in params:
            rule = "must be omitted: use the group's own labels"
            yield fault("fields", (*where, "rayStartParams", "labels"), rule)
        pod: KeyPath = (*where, "template", "spec")
        if not items(at(group, ("template", "spec")).get("containers")):
            yield fault("fields", (*pod, "containers"), "must have at least 1 items")
        policy = at(group, ("template", "spec")).get("restartPolicy", "Never")
        if grows(spec) and version_2 and policy != "Never":
            rule = "must be Never with autoscaler v2, which replaces pods itself"
            yield fault("scaling", (*pod, "restartPolicy"), rule, policy)


def _group(
    group: Mapping[str, Any], where: KeyPath, spec: Mapping[str, Any], version_2: bool
) -> Iterator[Problem]:
    least, most = number(group.get("minReplicas")), number(group.get("maxReplicas"))
    if least is not None and most is not None and least > most:
        rule = f"must be at most maxReplicas ({most})"
        yield fault("scaling", (*where, "minReplicas"), rule, int(least))
    if group.get("suspend") is True and grows(spec):
        yield fault("scaling", (*where, "suspend"), "must not be true with the autoscaler", True)
    head = at(spec, ("headGroupSpec", "template", "spec", "containers", 0))
    variables = {mapping(v).get("name"): mapping(v).get("value") for v in items(head.get("env"))}
    new = version_2 or variables.get(_V2) in ("1", "true")
    for field in ("priority", "idleTimeoutSeconds"):
        if group.get(field) and not new:
            rule = "requires autoscalerOptions.version: v2"
            yield fault("scaling", (*where, field), rule, group[field])
    if group.get("priority") and not _at_least(spec.get("rayVersion"), (2, 56)):
        rule = "requires a rayVersion of 2.56 or newer"
        yield fault("scaling", (*where, "priority"), rule, group["priority"])


def _token(spec: Mapping[str, Any], place: KeyPath) -> Iterator[Problem]:
    options = mapping(spec.get("authOptions"))
    by_kubernetes = options.get("enableK8sTokenAuth") is True
    if options.get("mode") != "token":
        if by_kubernetes:
            rule = "requires mode: token"
            yield fault("token", (*place, "authOptions", "enableK8sTokenAuth"), rule, True)
        return
    needed = (2, 55) if by_kubernetes else (2, 52)
    if not _at_least(spec.get("rayVersion"), needed):
        rule = f"must be {needed[0]}.{needed[1]} or newer, which authOptions requires"
        yield fault("token", (*place, "rayVersion"), rule, spec.get("rayVersion"))
    if by_kubernetes and options.get("secretName"):
        rule = "must be omitted with enableK8sTokenAuth"
        yield fault("token", (*place, "authOptions", "secretName"), rule, options["secretName"])


def _at_least(version: Any, least: tuple[int, int]) -> bool:
    found = re.match(r"v?(\d+)\.(\d+)", str(version))
    return found is not None and (int(found[1]), int(found[2])) >= least


def _job(spec: Mapping[str, Any], place: KeyPath) -> Iterator[Problem]:
    selector = mapping(spec.get("clusterSelector"))
    mode = spec.get("submissionMode")
    retries = number(spec.get("backoffLimit")) or 0
    if mode is not None and mode not in _MODES:
        rule = f"must be one of {', '.join(_MODES)}{did_you_mean(str(mode), _MODES)}"
        yield fault("fields", (*place, "submissionMode"), rule, mode)
    if not selector and "rayClusterSpec" not in spec:
        rule = "is required without a rayClusterSpec"
        yield fault("fields", (*place, "clusterSelector"), rule)
    if selector and not selector.get("ray.io/cluster"):
        rule = "is required: the name of the RayCluster"
        yield fault("fields", (*place, "clusterSelector", "ray.io/cluster"), rule)
    if selector and mode == "SidecarMode":
        rule = "must not be SidecarMode with a clusterSelector"
        yield fault("fields", (*place, "submissionMode"), rule, mode)
    if retries and (selector or mode == "InteractiveMode"):
        other = "a clusterSelector" if selector else "InteractiveMode"
        yield fault("fields", (*place, "backoffLimit"), f"must be 0 with {other}", int(retries))
    if spec.get("suspend") is True and (
        selector or spec.get("shutdownAfterJobFinishes") is not True
    ):
        rule = "requires shutdownAfterJobFinishes: true, and no clusterSelector"
        yield fault("fields", (*place, "suspend"), rule, True)
    if spec.get("ttlSecondsAfterFinished") and spec.get("shutdownAfterJobFinishes") is not True:
        rule = "requires shutdownAfterJobFinishes: true"
        yield fault("fields", (*place, "ttlSecondsAfterFinished"), rule)
    if mode == "SidecarMode":
        for field in ("submitterPodTemplate", "submitterConfig"):
            if field in spec:
                yield fault("fields", (*place, field), "must be omitted in SidecarMode")
    own_submitter = at(spec, ("submitterPodTemplate", "spec", "containers", 0))
    submits = "command" in own_submitter or "args" in own_submitter
    if not spec.get("entrypoint") and mode != "InteractiveMode" and not submits:
        rule = "is required: the command of the job"
        yield fault("fields", (*place, "entrypoint"), rule)
    if at(spec, ("rayClusterSpec", "authOptions")).get("enableK8sTokenAuth") is True:
        where = (*place, "rayClusterSpec", "authOptions", "enableK8sTokenAuth")
        yield fault("token", where, "must not be true in a RayJob", True)
