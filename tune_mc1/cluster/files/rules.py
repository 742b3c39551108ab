"""Rules for launcher files beyond Ray's own schema, which sweeps depend on."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tune_mc1.cluster.files.exposed_secrets import open_port_problems, secret_problems
from tune_mc1.cluster.files.node_config import node_config_problems, region_problems
from tune_mc1.cluster.files.node_types import ClusterFile, items, mapping, number
from tune_mc1.cluster.files.versions import Versions, image_problems, pin_problems
from tune_mc1.config.problems import Path as KeyPath
from tune_mc1.config.problems import Problem, unknown_key
from tune_mc1.errors import did_you_mean

PROVIDERS = ("aws", "gcp", "local", "azure", "aliyun", "vsphere", "external", "kuberay")
"""Public providers of Ray's launcher (`ray.autoscaler._private.providers`)."""
PROVIDER_KEYS = {
    "aws": {
        "type", "region", "availability_zone", "cache_stopped_nodes", "use_internal_ips",
        "key_pair", "security_group", "aws_credentials", "cloudwatch", "disable_node_updaters",
        "disable_launch_config_check", "max_terminate_nodes", "foreground_node_launch",
    },
    "gcp": {
        "type", "region", "availability_zone", "project_id", "gcp_credentials",
        "use_internal_ips", "cache_stopped_nodes", "disable_node_updaters",
        "disable_launch_config_check",
    },
    "local": {
        "type", "head_ip", "worker_ips", "external_head_ip", "coordinator_address",
        "use_internal_ips", "disable_node_updaters", "disable_launch_config_check",
    },
}  # fmt: skip
TOKEN = "~/.ray/auth_token"
_MOUNT = re.compile(r"\b(?:mount(?:\.\w+)?|s3fs|gcsfuse|goofys|rclone)\s")
_COMMANDS = (
    "initialization_commands",
    "setup_commands",
    "head_setup_commands",
    "worker_setup_commands",
    "head_start_ray_commands",
    "worker_start_ray_commands",
)


def launcher_problems(cluster: ClusterFile, ours: Versions) -> Iterator[Problem]:
    """Mistakes in a file for `ray up`.

    Args:
        cluster: The file, which is valid by Ray's schema.
        ours: The versions that an image must match.
    """
    content = cluster.documents[0].content
    yield from _provider(content)
    yield from _numbers(cluster)
    yield from _authentication(content)
    yield from _files(content)
    yield from _docker(cluster, ours)
    yield from _commands(cluster, ours)
    yield from secret_problems(content)
    yield from node_config_problems(cluster)
    yield from _results(cluster)


def _provider(content: Mapping[str, Any]) -> Iterator[Problem]:
    provider = mapping(content.get("provider"))
    kind = provider.get("type")
    if kind not in PROVIDERS:
        known = f"must be one of {', '.join(PROVIDERS)}"
        yield Problem(("provider", "type"), known + did_you_mean(str(kind), PROVIDERS), kind)
        return
    for key in provider.keys() - PROVIDER_KEYS.get(kind, provider.keys()):
        yield unknown_key(("provider", key), sorted(PROVIDER_KEYS[kind]))
    needed = {"aws": ("region",), "gcp": ("region", "availability_zone", "project_id")}
    for key in needed.get(kind, ()):
        if not provider.get(key):
            yield Problem(("provider", key), "is required")
    zones, region = provider.get("availability_zone"), provider.get("region")
    for zone in zones.split(",") if isinstance(zones, str) and region else ():
        if not zone.strip().startswith(str(region)):
            rule = f"must be a zone of the region {region}"
            yield Problem(("provider", "availability_zone"), rule, zone)
    if kind == "aws":
        yield from region_problems(provider)
    yield from open_port_problems(provider.get("security_group"), ("provider", "security_group"))
    if kind == "local" and "coordinator_address" not in provider:
        yield from _own_machines(provider)


def _own_machines(provider: Mapping[str, Any]) -> Iterator[Problem]:
    for key in ("head_ip", "worker_ips"):
        if key not in provider:
            yield Problem(("provider", key), "is required")
    seen = [provider.get("head_ip")]
    for i, address in enumerate(items(provider.get("worker_ips"))):
        if address in seen:
            rule = "must not be given twice"
            yield Problem(("provider", "worker_ips", i), rule, address)
        seen.append(address)


def _numbers(cluster: ClusterFile) -> Iterator[Problem]:
    content = cluster.documents[0].content
    if cluster.provider == "local":
        if "available_node_types" in content:
            rule = "must be omitted: Ray detects the resources of your own machines"
            yield Problem(("available_node_types",), rule)
        return
    types = mapping(content.get("available_node_types"))
    head = content.get("head_node_type")
    if not types:
        yield Problem(("available_node_types",), "is required")
    elif head not in types:
        rule = f"must be one of {', '.join(types)}{did_you_mean(str(head), types)}"
        yield Problem(("head_node_type",), rule, head)
    limit = content.get("max_workers", 2)
    for name, kind in types.items():
        least, most = (number(mapping(kind).get(f"{m}_workers")) for m in ("min", "max"))
        if least is not None and most is not None and least > most:
            where = ("available_node_types", name, "min_workers")
            yield Problem(where, f"must be at most max_workers ({most})", int(least))
    asked = sum(node.least for node in cluster.workers)
    if number(limit) is not None and asked > limit:
        rule = f"must be at least {asked}, the sum of the node types' min_workers"
        yield Problem(("max_workers",), rule, limit)


def _authentication(content: Mapping[str, Any]) -> Iterator[Problem]:
    if "auth" not in content or "ssh_user" not in mapping(content["auth"]):
        yield Problem(("auth", "ssh_user"), "is required: Ray sets up machines over SSH")
    commands = [c for key in _COMMANDS for c in items(content.get(key))]
    text = "\n".join(map(str, commands))
    if "RAY_AUTH_MODE=disabled" in text:
        rule = "must not disable Ray's token: anyone who can reach a node could run code on it"
        where = next(k for k in _COMMANDS if "RAY_AUTH_MODE=disabled" in str(content.get(k)))
        yield Problem((where,), rule)
    elif TOKEN not in mapping(content.get("file_mounts")) and "RAY_AUTH_TOKEN_PATH=" not in text:
        rule = "is required: every node needs Ray's token to talk to the others"
        yield Problem(("file_mounts", TOKEN), rule)
    elif _has_workers(content) and "RAY_AUTH_MODE=token" not in text + str(content.get("docker")):
        rule = "must set RAY_AUTH_MODE=token, so that the head requires a token and workers send it"
        yield Problem(("worker_start_ray_commands",), rule)


def _has_workers(content: Mapping[str, Any]) -> bool:
    provider = mapping(content.get("provider"))
    return provider.get("type") != "local" or bool(provider.get("worker_ips"))


def _files(content: Mapping[str, Any]) -> Iterator[Problem]:
    for remote, local in mapping(content.get("file_mounts")).items():
        if remote == TOKEN:
            continue  # created by a command of Ray: `tune_mc1.cluster.files.check` has a note
        if not isinstance(local, str) or not Path(local).expanduser().exists():
            rule = "must be a file or directory on this machine"
            yield Problem(("file_mounts", remote), rule, local)


def _docker(cluster: ClusterFile, ours: Versions) -> Iterator[Problem]:
    docker = mapping(cluster.documents[0].content.get("docker"))
    images = [key for key in ("image", "head_image", "worker_image") if docker.get(key)]
    if images and not docker.get("container_name"):
        yield Problem(("docker", "container_name"), "is required with an image")
    gpu = any((node.gpus or 0) > 0 for node in cluster.workers)
    for key in images:
        where: KeyPath = ("docker", key)
        yield from image_problems(str(docker[key]), where, gpu and key != "head_image", ours)


def _commands(cluster: ClusterFile, ours: Versions) -> Iterator[Problem]:
    content = cluster.documents[0].content
    for key in _COMMANDS:
        for i, command in enumerate(items(content.get(key))):
            yield from pin_problems(str(command), (key, i), ours)
    docker = mapping(content.get("docker"))
    image = str(docker.get("image") or docker.get("worker_image") or "rayproject/")
    setup = "\n".join(str(c) for c in items(content.get("setup_commands")))
    if image.startswith("rayproject/") and "tune_mc1" not in setup and "pip install" not in setup:
        yield Problem(("setup_commands",), "must install tune_mc1 on every node")
    starts = [str(c) for c in items(content.get("head_start_ray_commands"))]
    start = [c for c in starts if "ray start" in c]
    if "head_start_ray_commands" in content and not any("--head" in c for c in start):
        yield Problem(("head_start_ray_commands",), "must have a `ray start --head`")
    elif start and "--autoscaling-config" not in "".join(start):
        rule = "must have --autoscaling-config=~/ray_bootstrap_config.yaml, or no worker ever joins"
        yield Problem(("head_start_ray_commands",), rule)
    joins = [str(c) for c in items(content.get("worker_start_ray_commands"))]
    if joins and not any("$RAY_HEAD_IP" in c for c in joins):
        rule = "must have a `ray start --address=$RAY_HEAD_IP:6379`"
        yield Problem(("worker_start_ray_commands",), rule)


def _results(cluster: ClusterFile) -> Iterator[Problem]:
    """Cloud machines must be able to write to a bucket, or to a shared directory."""
    content = cluster.documents[0].content
    commands = "\n".join(str(c) for key in _COMMANDS for c in items(content.get(key)))
    shipped = any(
        ".aws" in path or "gcloud" in path for path in mapping(content.get("file_mounts"))
    )
    if _MOUNT.search(commands) or shipped:
        return
    types = mapping(content.get("available_node_types"))
    role, what = {
        "aws": ("IamInstanceProfile", "S3"),
        "gcp": ("serviceAccounts", "Cloud Storage"),
    }.get(cluster.provider, ("", ""))
    for node in cluster.nodes if role else ():
        if cluster.provider == "gcp" and node.head:
            continue  # Ray gives it a service account
        if role not in mapping(mapping(types[node.name]).get("node_config")):
            rule = f"is required: results cannot be written to {what} or to a mounted directory"
            yield Problem((*node.path, "node_config", role), rule)
