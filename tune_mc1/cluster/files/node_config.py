"""Checks of `node_config` in Ray's cluster files, by the APIs of AWS and GCP.

AWS is checked against botocore's own model of the request RunInstances, which needs no network. GCP
publishes its model only over the network, so its fields are listed here (Compute Engine v1, the
resource `Instance`).
"""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from typing import Any

from tune_mc1.cluster.files.cluster_file import added_gpus
from tune_mc1.cluster.files.findings import advice, fault
from tune_mc1.cluster.files.instance_types import find_type
from tune_mc1.cluster.files.node_types import ClusterFile, NodeType, mapping
from tune_mc1.config.problems import Path as KeyPath
from tune_mc1.config.problems import Problem, unknown_key
from tune_mc1.errors import did_you_mean

RAYS_OWN = frozenset({"SubnetIds"})
"""Keys of an AWS `node_config` that Ray translates."""
GCP_FIELDS = {
    "acceleratorConfig", "acceleratorType", "advancedMachineFeatures", "canIpForward",
    "confidentialInstanceConfig", "deletionProtection", "description", "disks", "displayDevice",
    "guestAccelerators", "hostname", "instanceEncryptionKey", "keyRevocationActionType", "labels",
    "machineType", "metadata", "minCpuPlatform", "name", "networkConfig", "networkInterfaces",
    "networkPerformanceConfig", "params", "privateIpv6GoogleAccess", "reservationAffinity",
    "resourcePolicies", "runtimeVersion", "scheduling", "schedulingConfig", "serviceAccounts",
    "shieldedInstanceConfig", "sourceMachineImage", "tags", "zone",
}  # fmt: skip
_KINDS = {"integer": int, "long": int, "boolean": bool, "string": str, "float": float}
_WORDS = {
    "integer": "a whole number",
    "long": "a whole number",
    "boolean": "true or false",
    "string": "text (put it in quotes)",
    "float": "a number",
}


def has_botocore() -> bool:
    """True if botocore, with AWS's model of its requests, is installed."""
    return find_spec("botocore") is not None


def node_config_problems(cluster: ClusterFile) -> Iterator[Problem]:
    """Mistakes in the `node_config` and the `resources` of each node type.

    Args:
        cluster: A cluster on AWS or GCP; other clouds are not checked.
    """
    types = mapping(cluster.documents[0].content.get("available_node_types"))
    for node in cluster.nodes:
        if node.path[0] != "available_node_types":
            continue
        config = mapping(mapping(types[node.name]).get("node_config"))
        where = (*node.path, "node_config")
        if cluster.provider == "aws":
            yield from _aws(node, config, where)
        elif cluster.provider == "gcp":
            yield from _gcp(node, config, where)
        yield from _machine(cluster, node, mapping(mapping(types[node.name]).get("resources")))


def _aws(node: NodeType, config: Mapping[str, Any], where: KeyPath) -> Iterator[Problem]:
    if node.instance is None:
        yield Problem((*where, "InstanceType"), "is required")
    if "ImageId" not in config:
        rule = "should be given: Ray's default image dates from 2022, too old for current PyTorch"
        yield advice("machines", (*where, "ImageId"), rule)
    if has_botocore():
        own = {key: value for key, value in config.items() if key not in RAYS_OWN}
        yield from _against(own, _request(), where)


def _gcp(node: NodeType, config: Mapping[str, Any], where: KeyPath) -> Iterator[Problem]:
    for key in config.keys() - GCP_FIELDS:
        yield unknown_key((*where, key), sorted(GCP_FIELDS))
    if node.instance is None:
        if "acceleratorType" not in config and "acceleratorConfig" not in config:  # no TPU either
            yield Problem((*where, "machineType"), "is required")
        return
    known = find_type("gcp", node.instance)
    gpu = bool(config.get("guestAccelerators")) or (known is not None and known.gpus > 0)
    schedule = mapping(config.get("scheduling"))
    if gpu and not node.spot and schedule.get("onHostMaintenance") != "TERMINATE":
        rule = "must be TERMINATE, as a machine with a GPU cannot be moved"
        value = schedule.get("onHostMaintenance")
        yield Problem((*where, "scheduling", "onHostMaintenance"), rule, value)


def _machine(
    cluster: ClusterFile, node: NodeType, resources: Mapping[str, Any]
) -> Iterator[Problem]:
    """Differences between a machine type and the resources that the file declares for it."""
    known = find_type(cluster.provider, node.instance)
    where = (*node.path, "resources")
    if node.head and node.spot:
        rule = "should not be spot: the head runs the sweep"
        yield advice("machines", (*node.path, "node_config"), rule)
    if known is None:
        return
    config = mapping(mapping(cluster.documents[0].content["available_node_types"])[node.name])
    gpus = known.gpus + int(added_gpus(mapping(config.get("node_config")))[0])
    asked = {key: resources[key] for key in ("CPU", "GPU") if isinstance(resources.get(key), int)}
    declared = asked.get("GPU", gpus)
    if declared > gpus:
        rule = f"must be {gpus}, as {node.instance} has" if gpus else f"{node.instance} has no GPU"
        yield fault("machines", (*where, "GPU"), rule, declared)
    elif declared < gpus:
        rule = f"should be {gpus}, as {node.instance} has: the others stay idle"
        yield advice("machines", (*where, "GPU"), rule, declared)
    cpus = asked.get("CPU", known.cpus)
    if node.head and cpus > known.cpus:
        rule = f"should be at most {known.cpus}: {node.instance}"
        yield advice("machines", (*where, "CPU"), rule, cpus)
    head_known = any(other.head for other in cluster.nodes)
    if not node.head and head_known and cpus != known.cpus:
        rule = f"should be {known.cpus}, as {node.instance} has"
        yield advice("machines", (*where, "CPU"), rule, cpus)


def region_problems(provider: Mapping[str, Any]) -> Iterator[Problem]:
    """Mistakes in the region of an AWS cluster.

    Args:
        provider: The file's `provider`.
    """
    region = provider.get("region")
    if not isinstance(region, str) or not has_botocore():
        return
    regions = _regions()
    if region not in regions:
        hint = did_you_mean(region, regions)
        yield Problem(("provider", "region"), f"is not an AWS region{hint}", region)


@cache
def _regions() -> list[str]:
    from botocore.session import Session

    found: list[str] = Session().get_available_regions("ec2")
    return found


@cache
def _request() -> Any:
    """Botocore's shape of the request that starts a machine."""
    from botocore.loaders import create_loader
    from botocore.model import ServiceModel

    model = ServiceModel(create_loader().load_service_model("ec2", "service-2"), "ec2")
    return model.operation_model("RunInstances").input_shape


def _against(value: Any, shape: Any, path: KeyPath) -> Iterator[Problem]:
    """Violations of a botocore shape by a value."""
    kind = shape.type_name
    if kind == "structure":
        if not isinstance(value, dict):
            yield Problem(path, "must be a mapping of keys to values", value)
            return
        for key, part in value.items():
            if key in shape.members:
                yield from _against(part, shape.members[key], (*path, key))
            else:
                yield unknown_key((*path, key), shape.members)
    elif kind == "list":
        if not isinstance(value, list):
            yield Problem(path, "must be a list", value)
            return
        for i, part in enumerate(value):
            yield from _against(part, shape.member, (*path, i))
    elif kind in _KINDS:
        right = isinstance(value, _KINDS[kind]) and (
            kind == "boolean" or not isinstance(value, bool)
        )
        if not right:
            yield Problem(path, f"must be {_WORDS[kind]}", value)
        elif getattr(shape, "enum", None) and value not in shape.enum:
            yield _not_allowed(value, shape, path)


def _not_allowed(value: Any, shape: Any, path: KeyPath) -> Problem:
    hint = did_you_mean(str(value), shape.enum)
    if shape.name == "InstanceType":
        return Problem(path, f"is not an AWS machine type{hint}", value)
    return Problem(path, f"must be one of {', '.join(shape.enum)}{hint}", value)
