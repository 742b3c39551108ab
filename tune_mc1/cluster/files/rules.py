"""Rules for launcher files beyond Ray's own schema, which sweeps depend on."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tune_mc1.cluster.files.exposed_secrets import open_port_problems, secret_problems
from tune_mc1.cluster.files.findings import advice, fault
from tune_mc1.cluster.files.node_config import node_config_problems, region_problems
from tune_mc1.cluster.files.node_types import ClusterFile, items, mapping, number
from tune_mc1.cluster.files.start_commands import COMMANDS, TOKEN, command_problems, token_problems
from tune_mc1.cluster.files.versions import (
    Named,
    Versions,
    image_problems,
    image_versions,
    pinned_versions,
    shared_version_problems,
)
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
_MOUNT = re.compile(r"\b(?:mount(?:\.\w+)?|s3fs|gcsfuse|goofys|rclone|blobfuse2?)\s")
_IMAGES = ("head_image", "image", "worker_image")
_NO_SSH = ("external", "kuberay", "readonly", "spark")
"""Providers whose machines Ray does not set up over SSH."""


def launcher_problems(cluster: ClusterFile, ours: Versions) -> Iterator[Problem]:
    """Problems of a file for `ray up`, with Ray's own defaults for what it leaves out.

    Args:
        cluster: The file, which is valid by Ray's schema.
        ours: The versions from which it is started.
    """
    content = cluster.documents[0].content
    if "cluster_name" not in content:
        rule = "should be given: Ray's default is the same for every file without one"
        yield advice("fields", ("cluster_name",), rule)
    yield from _provider(content)
    yield from _numbers(cluster)
    if cluster.provider not in _NO_SSH and "ssh_user" not in mapping(content.get("auth")):
        yield fault("setup", ("auth", "ssh_user"), "is required: Ray sets up machines over SSH")
    yield from token_problems(content)
    yield from _files(content)
    yield from _docker(cluster)
    yield from _versions(content, ours)
    yield from command_problems(cluster)
    yield from secret_problems(content)
    yield from node_config_problems(cluster)
    yield from _results(cluster)


def _provider(content: Mapping[str, Any]) -> Iterator[Problem]:
    provider = mapping(content.get("provider"))
    kind = provider.get("type")
    if kind not in PROVIDERS:
        known = f"must be one of {', '.join(PROVIDERS)}"
        rule = known + did_you_mean(str(kind), PROVIDERS)
        yield fault("fields", ("provider", "type"), rule, kind)
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


def _files(content: Mapping[str, Any]) -> Iterator[Problem]:
    for remote, local in mapping(content.get("file_mounts")).items():
        if remote == TOKEN:
            continue  # created by a command of Ray: `tune_mc1.cluster.files.check` has a note
        if not isinstance(local, str) or not Path(local).expanduser().exists():
            rule = "must be a file or directory on this machine"
            yield Problem(("file_mounts", remote), rule, local)


def _docker(cluster: ClusterFile) -> Iterator[Problem]:
    docker = mapping(cluster.documents[0].content.get("docker"))
    images = [key for key in _IMAGES if docker.get(key)]
    if images and not docker.get("container_name"):
        yield fault("setup", ("docker", "container_name"), "is required with an image")
    gpu = any((node.gpus or 0) > 0 for node in cluster.workers)
    for key in images:
        yield from image_problems(str(docker[key]), ("docker", key), gpu and key != "head_image")


def _versions(content: Mapping[str, Any], ours: Versions) -> Iterator[Problem]:
    docker = mapping(content.get("docker"))
    named: list[Named] = []
    for key in _IMAGES:
        if docker.get(key):
            named += image_versions(str(docker[key]), ("docker", key))
    for key in COMMANDS:
        for i, command in enumerate(items(content.get(key))):
            named += pinned_versions(str(command), (key, i))
    yield from shared_version_problems(named)
    if named and named[0].ray not in (None, ours.ray):
        rule = f"should have Ray {ours.ray}, as this machine, whose launcher sets the cluster up"
        yield advice("versions", named[0].path, rule, named[0].text)


def _results(cluster: ClusterFile) -> Iterator[Problem]:
    """Cloud machines need to write to a bucket, or to a shared directory."""
    content = cluster.documents[0].content
    commands = "\n".join(str(c) for key in COMMANDS for c in items(content.get(key)))
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
            rule = f"should be given: without it, results cannot be written to {what}"
            yield advice("results", (*node.path, "node_config", role), rule)
