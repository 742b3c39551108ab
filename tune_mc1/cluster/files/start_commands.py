"""Rules for the commands of a launcher file: they start Ray, with its token, on every node."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tune_mc1.cluster.files.findings import advice, fault
from tune_mc1.cluster.files.node_types import ClusterFile, items, mapping
from tune_mc1.config.problems import Problem

TOKEN = "~/.ray/auth_token"
COMMANDS = (
    "initialization_commands",
    "setup_commands",
    "head_setup_commands",
    "worker_setup_commands",
    "head_start_ray_commands",
    "worker_start_ray_commands",
)
_JOINS = re.compile(r"\$\{?RAY_HEAD_IP\b")
_FIXED = re.compile(r"--address[= ][\"']?[\w.-]+:\d")
_OPEN = "anyone who can reach a node can run code on it"


def token_problems(content: Mapping[str, Any]) -> Iterator[Problem]:
    """Problems with Ray's token: no authentication, or one that keeps the workers out.

    Without a setting, a head that finds a token requires it, and one that finds none requires none;
    a worker sends a token only if `RAY_AUTH_MODE` is `token` (`ray start` of Ray 2.60).

    Args:
        content: The file, with Ray's defaults.
    """
    commands = [c for key in COMMANDS for c in items(content.get(key))]
    text = "\n".join(map(str, commands))
    shipped = TOKEN in mapping(content.get("file_mounts")) or "RAY_AUTH_TOKEN_PATH=" in text
    if "RAY_AUTH_MODE=disabled" in text:
        where = next(k for k in COMMANDS if "RAY_AUTH_MODE=disabled" in str(content.get(k)))
        yield advice("token", (where,), f"should not disable Ray's token: {_OPEN}")
        return
    required = "RAY_AUTH_MODE=token" in text + str(content.get("docker"))
    if not shipped and required:
        rule = "is required by RAY_AUTH_MODE=token: Ray does not start on a node without it"
        yield fault("token", ("file_mounts", TOKEN), rule)
    elif not shipped:
        rule = f"should be given: without Ray's token, {_OPEN}"
        yield advice("token", ("file_mounts", TOKEN), rule)
    elif not required and _has_workers(content):
        rule = (
            "must set RAY_AUTH_MODE=token: the head requires a token, and workers send it only so"
        )
        yield fault("token", ("worker_start_ray_commands",), rule)


def _has_workers(content: Mapping[str, Any]) -> bool:
    provider = mapping(content.get("provider"))
    return provider.get("type") != "local" or bool(provider.get("worker_ips"))


def command_problems(cluster: ClusterFile) -> Iterator[Problem]:
    """Commands that do not start a head, do not let workers join, or install no project.

    Args:
        cluster: The file.
    """
    content = cluster.documents[0].content
    docker = mapping(content.get("docker"))
    image = str(docker.get("image") or docker.get("worker_image") or "rayproject/")
    setup = "\n".join(str(c) for c in items(content.get("setup_commands")))
    if image.startswith("rayproject/") and "tune_mc1" not in setup and "pip install" not in setup:
        rule = "should install tune_mc1 on every node: its packages are not in the image"
        yield advice("setup", ("setup_commands",), rule)
    starts = [str(c) for c in items(content.get("head_start_ray_commands"))]
    start = [c for c in starts if "ray start" in c]
    if "head_start_ray_commands" in content and not any("--head" in c for c in start):
        yield fault("setup", ("head_start_ray_commands",), "must have a `ray start --head`")
    elif start and "--autoscaling-config" not in "".join(start):
        rule = "must have --autoscaling-config=~/ray_bootstrap_config.yaml, or no worker ever joins"
        yield fault("scaling", ("head_start_ray_commands",), rule)
    joins = [str(c) for c in items(content.get("worker_start_ray_commands"))]
    if any(_FIXED.search(c) for c in joins):
        if cluster.provider != "local":  # whose machines keep their addresses
            rule = "should have --address=$RAY_HEAD_IP:6379: the head may get another address"
            yield advice("scaling", ("worker_start_ray_commands",), rule)
    elif joins and not any(_JOINS.search(c) for c in joins):
        rule = "must have a `ray start --address=$RAY_HEAD_IP:6379`"
        yield fault("scaling", ("worker_start_ray_commands",), rule)
