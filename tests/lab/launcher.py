"""Ray's launcher, run on the lab's client with one of our cluster files."""

import json
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.lab.hosts import KEY, Lab
from tests.lab.machine import PROJECT, Machine

Config = dict[str, Any]

INSTALLED = "grep -qs PYTHONPATH ~/.bashrc || echo 'export PYTHONPATH=$HOME/tune_mc1' >> ~/.bashrc"
"""Instead of an installation by pip: the lab has no network, and Python is installed already."""

NODES = """
import json, ray, sys, time
ray.init("auto", log_to_driver=False, logging_level="error")
wanted, end = set(sys.argv[2:]), time.monotonic() + float(sys.argv[1])
while True:
    nodes = [node for node in ray.nodes() if node["Alive"]]
    if {node["NodeManagerHostname"] for node in nodes} == wanted or time.monotonic() > end:
        break
    time.sleep(0.2)
print("nodes:", json.dumps(nodes))
"""


def cluster_file(name: str) -> Config:
    """A cluster file as it stands."""
    content: Config = yaml.safe_load((PROJECT / "clusters" / name).read_text())
    return content


def without_pip(commands: list[str]) -> list[str]:
    """Set-up commands for a lab: all but those that make an environment and install into it."""
    return [c for c in commands if "pip install" not in c and "-venv" not in c] + [INSTALLED]


def _project(lab: Lab) -> Path:
    """A copy of the project without what other tests write while the lab runs.

    Ray reads all files below a mount before it sends some of them, and fails if one of them goes.
    """
    copy = lab.shared / "project"
    if not copy.exists():
        written = shutil.ignore_patterns(".venv", "__pycache__", ".*_cache", "*.egg-info")
        shutil.copytree(PROJECT, copy, ignore=written)
    return copy


class Launcher:
    """A cluster of the lab.

    Args:
        lab: The lab.
        config: A cluster file, with what must be other in a lab.
        env: More environment variables of the client.
        on: The machine on which the launcher runs; None for the client.
    """

    def __init__(
        self,
        lab: Lab,
        config: Config,
        env: Mapping[str, str] | None = None,
        on: Machine | None = None,
    ) -> None:
        self.machine, self.env = on or lab.client, dict(env or {})
        mounts = config["file_mounts"].items()
        mounts = {there: str(_project(lab)) if here == "." else here for there, here in mounts}
        config = {**config, "file_mounts": mounts}
        self.machine.run(f"echo {shlex.quote(yaml.safe_dump(config))} > ~/cluster.yaml")

    def up(self, seconds: float = 240) -> str:
        """`ray up`."""
        return self._run("ray up --yes ~/cluster.yaml", seconds)

    def down(self, seconds: float = 120) -> str:
        """`ray down`."""
        return self._run("ray down --yes ~/cluster.yaml", seconds)

    def start(self, command: str, log: Path) -> "subprocess.Popen[str]":
        """`ray exec`, which runs a command in the project's copy on the head, in the background."""
        return self.machine.start(_exec(command), log=log, env=self.env)

    def exec(self, command: str, seconds: float = 120) -> str:
        """`ray exec`, to its end."""
        return self._run(_exec(command), seconds)

    def nodes(
        self, head: Machine, names: Sequence[str] = (), seconds: float = 0.0
    ) -> dict[str, dict[str, float]]:
        """Resources of each node that is alive, by its host name, as Ray on the head knows them.

        Args:
            head: The head.
            names: Those that are waited for, and no others.
            seconds: For how long.
        """
        words = shlex.join(["python", "-c", NODES, str(seconds), *names])
        said = self.ssh(head, f"source ~/.bashrc; {words}", 60 + seconds)
        nodes = json.loads(said.partition("nodes:")[2])
        return {n["NodeManagerHostname"]: n["Resources"] for n in nodes}

    def wait_for_nodes(self, head: Machine, names: Sequence[str], seconds: float) -> None:
        """Waits until these nodes are alive, and no others."""
        there = set(self.nodes(head, names, seconds))
        assert there == set(names), f"after {seconds:g} s: {there}"

    def ssh(self, host: Machine, command: str, seconds: float = 120) -> str:
        """A command on a host."""
        options = "-o StrictHostKeyChecking=no -o LogLevel=ERROR -o ConnectTimeout=10"
        return self._run(f"ssh -i {KEY} {options} {host.address} {shlex.quote(command)}", seconds)

    def _run(self, command: str, seconds: float) -> str:
        return self.machine.run(command, seconds, self.env)


def _exec(command: str) -> str:
    return f"ray exec ~/cluster.yaml {shlex.quote(f'cd ~/tune_mc1 && {command}')}"
