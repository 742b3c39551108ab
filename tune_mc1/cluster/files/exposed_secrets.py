"""Checks of a cluster file for secrets and for ports open to the world."""

import re
from collections.abc import Iterator
from typing import Any

from tune_mc1.cluster.files.findings import advice
from tune_mc1.config.problems import Path as KeyPath
from tune_mc1.config.problems import Problem

NAMES = (
    "RAY_AUTH_TOKEN",
    "WANDB_API_KEY",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AZURE_CLIENT_SECRET",
    "AZURE_STORAGE_CONNECTION_STRING",
    "AZURE_STORAGE_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
    "HF_TOKEN",
)
_SET = re.compile(rf"\b(?:{'|'.join(NAMES)})\s*[=:]\s*[\"']?(?![\"'$<.])\S")
_KEYS = {"access_key", "access_key_secret", "aws_secret_access_key", "credentials"}
RULE = "should not contain a secret: ship a file by file_mounts, or name a Kubernetes Secret"


def secret_problems(value: Any, path: KeyPath = ()) -> Iterator[Problem]:
    """Fields of a file that contain a secret's value, which is not shown.

    Args:
        value: A value of the file.
        path: Its path.
    """
    if isinstance(value, dict):
        if value.get("name") in NAMES and value.get("value"):
            yield advice("secrets", (*path, "value"), RULE)
        for key, part in value.items():
            here = (*path, key)
            if isinstance(part, str) and (key in NAMES or key in _KEYS) and part:
                yield advice("secrets", here, RULE)
            else:
                yield from secret_problems(part, here)
    elif isinstance(value, list):
        for i, part in enumerate(value):
            yield from secret_problems(part, (*path, i))
    elif isinstance(value, str) and _SET.search(value):
        yield advice("secrets", path, RULE)


def open_port_problems(group: Any, path: KeyPath) -> Iterator[Problem]:
    """Rules of an AWS security group that open more than SSH to the whole world.

    Args:
        group: The file's `provider.security_group`.
        path: Its path.
    """
    rules = group.get("IpPermissions") if isinstance(group, dict) else None
    for i, rule in enumerate(rules if isinstance(rules, list) else ()):
        if not isinstance(rule, dict):
            continue
        ranges = [*(rule.get("IpRanges") or ()), *(rule.get("Ipv6Ranges") or ())]
        worlds = ("0.0.0.0/0", "::/0")
        world = any(
            isinstance(r, dict) and (r.get("CidrIp") in worlds or r.get("CidrIpv6") in worlds)
            for r in ranges
        )
        ports = (rule.get("FromPort"), rule.get("ToPort"))
        if world and ports != (22, 22):
            shown = "all ports" if None in ports else f"ports {ports[0]} to {ports[1]}"
            opened = f"should open only SSH (port 22) to the world: {shown}"
            yield advice("open-ports", (*path, "IpPermissions", i), opened)
