"""Check of a cluster file: errors, warnings, price, and what `ray up` runs on its nodes."""

import json
import logging
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tune_mc1.cluster.files.cluster_file import ray_autoscaler, read_cluster
from tune_mc1.cluster.files.findings import Finding, fault, see
from tune_mc1.cluster.files.json_schema import schema_problems
from tune_mc1.cluster.files.kuberay_rules import (
    document_problems,
    kuberay_notes,
    kuberay_problems,
)
from tune_mc1.cluster.files.mount_size import mount_notes
from tune_mc1.cluster.files.node_config import has_botocore
from tune_mc1.cluster.files.node_types import ClusterFile, items, mapping
from tune_mc1.cluster.files.price import Price, price_notes, price_of
from tune_mc1.cluster.files.rules import PROVIDER_KEYS, launcher_problems
from tune_mc1.cluster.files.start_commands import TOKEN
from tune_mc1.cluster.files.versions import Versions, image_python
from tune_mc1.cluster.ray_private import SCHEMA, launcher_config
from tune_mc1.config.problems import Problem


@dataclass(frozen=True)
class Message:
    """An error or a warning on a cluster file.

    Attributes:
        line: Line in the file; 0 if it concerns the whole file.
        text: One line, `file:line: path.to.field: rule, got value`.
        see: Where its reason is documented.
        warning: True for a warning.
    """

    line: int
    text: str
    see: str
    warning: bool


@dataclass(frozen=True)
class ClusterReport:
    """Result of checking a cluster file.

    Attributes:
        cluster: The cluster that it describes.
        messages: Errors and warnings, in the order of the file.
        notes: Checks that were skipped, and other remarks for the user.
        price: USD per hour.
        runs: Commands that `ray up` runs on the machines of each node type, in order; empty for
            KubeRay.
    """

    cluster: ClusterFile
    messages: list[Message]
    notes: list[str]
    price: Price
    runs: dict[str, list[str]]

    @property
    def mistakes(self) -> list[str]:
        """Errors: with them, the cluster or a sweep on it cannot work."""
        return [message.text for message in self.messages if not message.warning]

    @property
    def warnings(self) -> list[str]:
        """Warnings: what is unwise, unsafe or unusual."""
        return [message.text for message in self.messages if message.warning]


def check_cluster(path: Path, ours: Versions | None = None) -> ClusterReport:
    """Checks a cluster file, without network access or credentials.

    Args:
        path: A file for Ray's launcher, or manifests for KubeRay.
        ours: The versions from which it is started; None for the local ones.

    Raises:
        InputError: If the file cannot be read, or is not a cluster file.
    """
    cluster = read_cluster(path)
    messages = cluster_messages(cluster, ours or Versions())
    runs: dict[str, list[str]] = {}
    if cluster.form == "ray" and all(message.warning for message in messages):
        try:
            runs = _runs(cluster, _prepared(cluster))
        except Exception as error:  # Ray's validation raises any kind of error
            problem = fault("fields", (), f"Ray rejects it: {' '.join(str(error).split())}")
            messages.append(Message(0, f"{path}: {problem}", see(problem), False))
    return ClusterReport(cluster, messages, _notes(cluster), price_of(cluster), runs)


def cluster_messages(cluster: ClusterFile, ours: Versions) -> list[Message]:
    """Every error and warning on a cluster file, in the order of the file.

    Args:
        cluster: The file.
        ours: The versions from which it is started.
    """
    found: list[Message] = []
    reported = set()
    for file in cluster.documents:
        problems: Iterable[Problem]
        if cluster.form == "ray":
            filled = {"cluster_name": "default", **file.content}  # as by Ray
            first = [*file.problems, *schema_problems(filled, _ray_schema())]
            problems = launcher_problems(cluster, ours)
        else:
            first = [*file.problems, *document_problems(file)]
            problems = kuberay_problems(cluster, file)
        seen = {problem.path for problem in first}
        for problem in (*first, *(p for p in problems if p.path not in seen)):
            line = file.line(problem.path)
            # A mistake in a YAML anchor is reported once, not for each alias.
            same = (line, problem.path[-1:], problem.rule)
            if same not in reported:
                warning = isinstance(problem, Finding) and problem.warning
                found.append(Message(line, file.message(problem), see(problem), warning))
            reported.add(same)
    return sorted(found, key=lambda message: message.line)


@cache
def _ray_schema() -> Mapping[str, Any]:
    """Ray's own schema, read without importing Ray, which takes seconds."""
    file = ray_autoscaler() / "ray-schema.json"
    if not file.exists() and not SCHEMA.usable():
        return {}
    schema: Mapping[str, Any] = json.loads(file.read_text())
    return schema


def _prepared(cluster: ClusterFile) -> Mapping[str, Any]:
    """The file with Ray's defaults, validated by Ray."""
    logging.getLogger("ray.autoscaler").setLevel(logging.ERROR)
    return launcher_config(cluster.documents[0].content)


def _runs(cluster: ClusterFile, config: Mapping[str, Any]) -> dict[str, list[str]]:
    """Commands of Ray's launcher on a new machine, in order (`ray...updater.NodeUpdater`)."""
    runs = {}
    types = mapping(config.get("available_node_types"))
    for node in cluster.nodes:
        if node.most:
            own = mapping(types.get(node.name))
            runs[node.name] = list(_steps(config, own, "head" if node.head else "worker"))
    return runs


def _steps(config: Mapping[str, Any], own: Mapping[str, Any], role: str) -> Iterator[str]:
    for remote, local in mapping(config.get("file_mounts")).items():
        yield f"copy {local} to {remote}"
    first = "initialization_commands"
    yield from items(own.get(first, config.get(first)) if role == "worker" else config.get(first))
    docker = {**mapping(config.get("docker")), **mapping(own.get("docker"))}
    image = docker.get(f"{role}_image") or docker.get("image")
    if image:
        if docker.get("pull_before_run", True):
            yield f"docker pull {image}"
        yield f"docker run --name {docker['container_name']} {image}; then, in the container:"
    setup = f"{role}_setup_commands"
    yield from items(own.get(setup, config.get(setup)) if role == "worker" else config.get(setup))
    yield from items(config.get(f"{role}_start_ray_commands"))


def _notes(cluster: ClusterFile) -> list[str]:
    notes = price_notes(cluster)
    if cluster.form == "kuberay":
        return [*kuberay_notes(cluster), *notes]
    content = cluster.documents[0].content
    if cluster.provider == "aws" and not has_botocore():
        notes.append(
            "node_config and machine types were not checked against AWS's model: "
            "pip install 'tune_mc1[cluster]'"
        )
    if cluster.provider not in PROVIDER_KEYS:
        notes.append(f"settings specific to {cluster.provider} were not checked")
    if TOKEN in mapping(content.get("file_mounts")) and not Path(TOKEN).expanduser().exists():
        notes.append(f"{TOKEN} does not exist yet: ray get-auth-token --generate")
    if cluster.provider == "local" and cluster.workers:
        notes.append("-o must name a directory that all machines share, or a bucket")
    notes += mount_notes(mapping(content.get("file_mounts")))
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    python = image_python(str(mapping(content.get("docker")).get("image", "")))
    if python not in (None, here):
        notes.append(f"the image has Python {python}, this machine has {here}: fine for jobs")
    return notes
