"""A cluster of the lab by `clusters/onprem.yaml`."""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tests.conftest import write_images
from tests.lab import pausing
from tests.lab.hosts import KEY, SUBNET, Lab, missing
from tests.lab.launcher import Config, Launcher, cluster_file, without_pip
from tests.lab.machine import HOME, Machine
from tests.lab.sweeping import Shell, Sweep

CPUS = {4: 1, 5: 1, 6: 2}
"""Cores of each host as Ray is told, by the last part of its address; the first is the head."""


@dataclass
class Place:
    """The lab with the cluster file as it is used there.

    Attributes:
        lab: The lab.
        cluster: Ray's launcher.
        shared: A directory that all machines share; it has images in `images`.
        content: A sweep's file.
        cpus: Cores of each host.
        far: Hosts whose cables can be made long.
        plugin: What hosts have on PYTHONPATH, beside the project.
        env: Environment variables of the hosts, such as Ray's settings.
    """

    lab: Lab
    cluster: Launcher
    shared: Path
    content: dict[str, Any]
    cpus: Mapping[int, int] = field(default_factory=lambda: CPUS)
    far: Sequence[int] = ()
    plugin: Path = field(init=False)
    env: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.plugin = pausing.install(self.shared / "plugin")

    @property
    def head(self) -> Machine:
        return self.lab.hosts[f"host{next(iter(self.cpus))}"]

    @property
    def names(self) -> list[str]:
        return [f"host{number}" for number in self.cpus]

    def boot(self, number: int) -> Machine:
        has = json.dumps({"CPU": self.cpus[number]})
        path = f"{HOME}/tune_mc1:{self.plugin}"
        variables = {**self.env, "RAY_OVERRIDE_RESOURCES": has, "PYTHONPATH": path}
        profile = "\n".join(f"export {k}={shlex.quote(v)}" for k, v in variables.items())
        return self.lab.boot(number, profile=profile, far=number in self.far)

    def up(self) -> None:
        """Launches the cluster, and waits until it is complete."""
        self.cluster.up()
        self.wait_for_nodes(*self.names)

    def wait_for_nodes(self, *names: str) -> None:
        self.cluster.wait_for_nodes(self.head, names, 120)

    def wait_for_status(self, line: str) -> None:
        """Waits until the autoscaler says something of the nodes, some seconds after they came."""
        asked = f"until ray status | grep -q {shlex.quote(line)}; do sleep 1; done"
        self.cluster.exec(asked, 60)

    def sweep(self, name: str, *, at_head: bool = False, **keys: Any) -> Sweep:
        """Starts a sweep.

        Args:
            name: Of its folder.
            at_head: Whether by a shell of the head, instead of `ray exec`.
            keys: Of its file, where they differ from those of all.
        """
        starter = Shell(self.head) if at_head else self.cluster
        return Sweep(starter, self.shared / name, self.content | keys)

    def received(self) -> dict[str, int]:
        """Bytes that each host has received so far."""
        said = {n: self.lab.hosts[n].run("ip -j -s link show eth0") for n in self.names}
        return {n: json.loads(text)[0]["stats64"]["rx"]["bytes"] for n, text in said.items()}


@contextmanager
def onprem(
    shared: Path,
    folder: Path,
    content: Mapping[str, Any],
    cpus: Mapping[int, int] = CPUS,
    far: Sequence[int] = (),
    env: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Place]:
    """Boots the hosts; nothing runs on them yet.

    Args:
        shared: An empty directory that all machines are to share.
        folder: An empty directory for the lab.
        content: Of the sweeps' file, without their images.
        cpus: Cores of each host as Ray is told.
        far: Hosts whose cables can be made long.
        env: Environment variables of the hosts, such as Ray's settings.
    """
    reason = missing()
    assert reason is None, reason
    write_images(shared / "images")
    config = in_the_lab(cluster_file("onprem.yaml"), shared, cpus)
    lab = Lab(folder, config["auth"]["ssh_user"], shared)
    try:
        data = {"data": str(shared / "images")}
        keys = data | dict(content)
        here = Place(lab, Launcher(lab, config), shared, keys, cpus, far, env=env)
        for number in cpus:
            here.boot(number)
        yield here
    finally:
        lab.close()


def in_the_lab(config: Config, shared: Path, cpus: Mapping[int, int] = CPUS) -> Config:
    """The cluster file with addresses, key and installation of the lab, and nothing else."""
    head, *workers = (f"{SUBNET}.{number}" for number in cpus)
    setup = [command.replace("/srv/tune_mc1", str(shared)) for command in config["setup_commands"]]
    return {
        **config,
        "provider": config["provider"] | {"head_ip": head, "worker_ips": workers},
        "auth": config["auth"] | {"ssh_private_key": str(KEY)},
        "setup_commands": without_pip(setup),
    }
