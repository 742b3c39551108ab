"""`node_config` of Ray's cluster files: against what AWS takes, and the fields that GCP has.

AWS is checked against botocore's own model of the request RunInstances, which needs no network. GCP
publishes its model only over the network, so its fields stand here (Compute Engine v1, the resource
`Instance`).
"""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from typing import Any

from tune_mc1.cluster.files.cluster_file import added_gpus
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
    """Whether AWS's model of its requests is at hand."""
    return find_spec("botocore") is not None


def node_config_problems(cluster: ClusterFile) -> Iterator[Problem]:
    """Mistakes in the `node_config` of each node type, and in what it says of the machine.

    Args:
        cluster: A cluster on AWS or GCP; of other clouds nothing is known.
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
        rule = "is required: Ray's default image is of 2022, too old for today's PyTorch"
        yield Problem((*where, "ImageId"), rule)
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
    """Differences between what a node type has and what Ray is told of it."""
    known = find_type(cluster.provider, node.instance)
    where = (*node.path, "resources")
    if node.head and node.spot:
        yield Problem((*node.path, "node_config"), "must not be spot: the head runs the sweep")
    if known is None:
        return
    config = mapping(mapping(cluster.documents[0].content["available_node_types"])[node.name])
    gpus = known.gpus + int(added_gpus(mapping(config.get("node_config")))[0])
    asked = {key: resources[key] for key in ("CPU", "GPU") if isinstance(resources.get(key), int)}
    if asked.get("GPU", gpus) != gpus:
        rule = f"must be {gpus}, as {node.instance} has" if gpus else f"{node.instance} has no GPU"
        yield Problem((*where, "GPU"), rule, asked["GPU"])
    cpus = asked.get("CPU", known.cpus)
    if node.head and cpus > known.cpus:
        yield Problem((*where, "CPU"), f"must be at most {known.cpus}: {node.instance}", cpus)
    head_known = any(other.head for other in cluster.nodes)
    if not node.head and head_known and cpus != known.cpus:
        yield Problem((*where, "CPU"), f"must be {known.cpus}, as {node.instance} has", cpus)


def region_problems(provider: Mapping[str, Any]) -> Iterator[Problem]:
    """Mistakes in where an AWS cluster is.

    Args:
        provider: The file's `provider`.
    """
    region = provider.get("region")
    if not isinstance(region, str) or not has_botocore():
        return
    regions = _regions()
    if region not in regions:
        hint = did_you_mean(region, regions)
        yield Problem(("provider", "region"), f"is no region of AWS{hint}", region)


@cache
def _regions() -> list[str]:
    from botocore.session import Session

    found: list[str] = Session().get_available_regions("ec2")
    return found


@cache
def _request() -> Any:
    """AWS's shape of what starts a machine."""
    from botocore.loaders import create_loader
    from botocore.model import ServiceModel

    model = ServiceModel(create_loader().load_service_model("ec2", "service-2"), "ec2")
    return model.operation_model("RunInstances").input_shape


def _against(value: Any, shape: Any, path: KeyPath) -> Iterator[Problem]:
    """Mistakes of a value against a shape of botocore."""
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
            yield _no_choice(value, shape, path)


def _no_choice(value: Any, shape: Any, path: KeyPath) -> Problem:
    hint = did_you_mean(str(value), shape.enum)
    if shape.name == "InstanceType":
        return Problem(path, f"is no machine type of AWS{hint}", value)
    return Problem(path, f"must be one of {', '.join(shape.enum)}{hint}", value)
